//! The verbs by which English news says who said it.
//!
//! They are the reporting verbs of style guides and of Quirk et al., *A Comprehensive Grammar of the English Language* (1985),
//! sections 14.30 and 16.31 (factual and suasive verbs), kept where news uses them to report. Inflected forms are made from the base.

/// How surely a form of a verb reports somebody's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Report {
    /// Tells an event as often as words: `called`, `expected`. Reports with `that`, a quotation or the like beside it.
    Weak,
    /// Reports wherever it has a subject: `said`, `accused`.
    Strong,
}

/// A form of a reporting verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) report: Report,
    pub(super) shape: Shape,
}

impl Form {
    /// Whether it says by itself that somebody has said something: `says`, `accused`.
    pub(super) fn tells(self) -> bool {
        self.report == Report::Strong && matches!(self.shape, Shape::Past | Shape::Third)
    }
}

/// Which form of the verb it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// `say`
    Base,
    /// `says`
    Third,
    /// `said`
    Past,
    /// `saying`
    Participle,
}

const STRONG: &str = "say tell add argue assert claim contend declare insist state explain note remark comment reply announce confirm reveal disclose \
acknowledge admit concede confess deny dispute rebut refute accuse allege blame condemn criticize criticise denounce decry lament complain \
deplore slam blast lambast lambaste deride warn caution vow predict suggest imply stress emphasize emphasise underscore reiterate urge believe \
tweet conclude praise hail applaud assure opine retort quip testify speculate chide scold berate rebuke excoriate protest boast joke";

const WEAK: &str = "call describe label dub characterize characterise report mention reckon voice express continue write quote cite estimate ask wonder question \
demand think hope expect doubt worry dismiss reject welcome threaten pledge promise consider view interpret point shout whisper yell recount indicate \
underline repeat answer respond signal propose recommend advise tout calculate project find see feel agree want know understand read promote defend \
push oppose favor favour support maintain hold observe hint object counter recall fear muse";

/// Strong verbs whose form in -s is a noun as often as not: `claims`, `comments`.
const NOUNS: [&str; 10] =
    ["claims", "comments", "notes", "remarks", "states", "stresses", "protests", "jokes", "praises", "tweets"];

/// Every form of every verb.
pub(super) fn forms() -> impl Iterator<Item = (String, Form)> {
    [(WEAK, Report::Weak), (STRONG, Report::Strong)].into_iter().flat_map(|(verbs, report)| {
        verbs.split_whitespace().flat_map(inflect).map(move |(form, shape)| {
            let report = if NOUNS.contains(&&*form) { Report::Weak } else { report };
            (form, Form { report, shape })
        })
    })
}

fn inflect(verb: &str) -> Vec<(String, Shape)> {
    const IRREGULAR: [(&str, &str); 10] = [
        ("say", "said"),
        ("tell", "told"),
        ("think", "thought"),
        ("write", "wrote"),
        ("find", "found"),
        ("see", "saw"),
        ("feel", "felt"),
        ("know", "knew"),
        ("understand", "understood"),
        ("read", "read"),
    ];
    let stem = verb.strip_suffix('e').unwrap_or(verb);
    let consonant_y = verb.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u']));
    let doubled =
        if matches!(verb, "admit" | "dub" | "quip" | "slam" | "rebut") { &verb[verb.len() - 1..] } else { "" };
    let third = match consonant_y {
        Some(stem) => format!("{stem}ies"),
        None if verb.ends_with(['s', 'h', 'x']) => format!("{verb}es"),
        None => format!("{verb}s"),
    };
    let past = match (IRREGULAR.iter().find(|(base, _)| *base == verb), consonant_y) {
        (Some((_, past)), _) => (*past).to_owned(),
        (None, Some(stem)) => format!("{stem}ied"),
        (None, None) => format!("{stem}{doubled}ed"),
    };
    // "see" keeps its e before -ing, as "agree" does.
    let participle = if verb.ends_with("ee") { format!("{verb}ing") } else { format!("{stem}{doubled}ing") };
    vec![(verb.to_owned(), Shape::Base), (third, Shape::Third), (past, Shape::Past), (participle, Shape::Participle)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_english() {
        let forms: Vec<String> = forms().map(|(form, _)| form).collect();
        for word in [
            "says", "said", "saying", "denies", "denied", "denying", "admitted", "accuses", "agreeing", "slammed",
            "told", "voicing",
        ] {
            assert!(forms.iter().any(|form| form == word), "{word}");
        }
        for word in ["sayed", "denys", "tellled", "agreing", "saided"] {
            assert!(!forms.iter().any(|form| form == word), "{word}");
        }
    }
}
