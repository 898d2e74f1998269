//! Which language an article is in.

use whatlang::Lang;

use super::lexicon::Class;
use super::words::Word;

/// ISO 639-1 codes of the languages whose sentences have rules of their own, with what `whatlang` calls them.
pub(super) const LANGUAGES: [(&str, Lang); 27] = [
    ("am", Lang::Amh),
    ("ar", Lang::Ara),
    ("bg", Lang::Bul),
    ("bn", Lang::Ben),
    ("ca", Lang::Cat),
    ("da", Lang::Dan),
    ("de", Lang::Deu),
    ("en", Lang::Eng),
    ("es", Lang::Spa),
    ("fi", Lang::Fin),
    ("fr", Lang::Fra),
    ("gu", Lang::Guj),
    ("hi", Lang::Hin),
    ("hy", Lang::Hye),
    ("it", Lang::Ita),
    ("ja", Lang::Jpn),
    ("kn", Lang::Kan),
    ("ml", Lang::Mal),
    ("mr", Lang::Mar),
    ("my", Lang::Mya),
    ("nl", Lang::Nld),
    ("pl", Lang::Pol),
    ("pt", Lang::Por),
    ("ru", Lang::Rus),
    ("sk", Lang::Slk),
    ("ta", Lang::Tam),
    ("uk", Lang::Ukr),
];

/// Less text than this, in bytes, does not tell its language.
const LEAST_BYTES: usize = 120;
/// More than this does not tell it any better.
const MOST_BYTES: usize = 400;
/// English text has such a share of its commonest words, other languages do not come near it; only where it is missing are the trigrams
/// counted, which costs as much as all the rest.
const COMMON_SHARE: f64 = 0.3;

/// What language an article is in, judged by the beginning of its story; `None` where that is too short or not clear.
pub(super) fn detect<'a>(sentences: impl Iterator<Item = (&'a str, &'a [Word])>) -> Option<Lang> {
    let mut sample = String::new();
    let (mut n_words, mut n_common) = (0, 0);
    for (sentence, words) in sentences {
        sample.push_str(sentence);
        sample.push(' ');
        n_words += words.len();
        n_common += words.iter().filter(|word| word.entry.is(Class::Common)).count();
        if sample.len() >= MOST_BYTES {
            break;
        }
    }
    if sample.len() < LEAST_BYTES {
        return None;
    }
    if n_common as f64 >= COMMON_SHARE * n_words as f64 {
        return Some(Lang::Eng);
    }
    whatlang::detect(&sample).filter(whatlang::Info::is_reliable).map(|info| info.lang())
}

/// What `whatlang` calls the language with this ISO 639-1 code.
pub(super) fn by_code(code: &str) -> Option<Lang> {
    LANGUAGES.iter().find(|(known, _)| *known == code).map(|(_, lang)| *lang)
}
