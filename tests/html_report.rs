//! The report page: complete, sealed off from the network, and deaf to markup in names and texts.

// A test that cannot set its scene may panic.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::LazyLock;

use framescope::comparison::{CompareParams, Wire, compare};
use framescope::corpus::{LabelSet, RatedUnit, Ratings};
use framescope::evaluation::{Agreement, FrameCurve, Predictions, Scored, agree, curves};
use framescope::model::Explanation;
use framescope::report::{ReportInput, card_table, report_html};
use framescope::stats::Bootstrap;
use framescope::training::{Silent, train};
use framescope::{Comparison, Corpus, CorpusOptions, Evaluation, Frames, Model, Population, Scorer, TrainParams};

/// Names that would run if they were read as markup.
const HOSTILE: [&str; 4] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "</title></style></svg><svg onload=alert(1)>",
    "{{ policy|safe }}&lt;b&gt; ' onmouseover='alert(1)",
];

/// A model with all that a card may show, scores under other groupings among it.
static MODEL: LazyLock<Model> = LazyLock::new(|| {
    let labels = Path::new(env!("CARGO_MANIFEST_DIR")).join("labels/framing-en.csv");
    let corpus = Corpus::read(&[labels.to_str().unwrap().to_owned()], &CorpusOptions::default()).unwrap();
    let bootstrap = Bootstrap { n_replicates: 20, ..Bootstrap::default() };
    let params = TrainParams { alphas: vec![1.0], bootstrap, ..TrainParams::default() };
    train(&corpus.select(&(0..1_500).collect::<Vec<usize>>()), &params, &Silent).unwrap().model
});

/// Everything a page is made of, owned.
struct Scene {
    comparison: Comparison,
    evaluation: Option<Evaluation>,
    curves: Vec<FrameCurve>,
    explanations: Vec<Option<Explanation>>,
    card: String,
}

impl Scene {
    /// Rows of our own, with hostile outlets and texts, compared by a model of some of them. A share of the rows is coded.
    fn new(coded_of_ten: usize, n_outlets: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows <b>.csv");
        write_rows(&path, coded_of_ten, n_outlets);
        let model = MODEL.clone();
        let options = CorpusOptions { frames: Some(model.frames().clone()), ..CorpusOptions::default() };
        let population = Population::read(&[path.to_str().unwrap().to_owned()], &options, None).unwrap();
        let scorer = Scorer::new(model.clone()).unwrap();
        let predictions = blurred(scorer.predictions(&population.corpus.texts).unwrap());
        let params = CompareParams { n_replicates: 50, n_draws: 200, wire: Wire::Keep, ..CompareParams::default() };
        let comparison = compare(&population, &predictions, Some(&model), &params).unwrap();

        let corpus = population.corpus.select(&population.coded_rows());
        let is_coded = corpus.n_rows() > 0;
        let predictions = predictions.select(&population.coded_rows());
        let scored = Scored {
            frames: &corpus.frames,
            codes: &corpus.codes,
            proba: predictions.proba.view(),
            predicted: predictions.predicted.view(),
            clusters: &corpus.clusters(),
            outlets: None,
        };
        let evaluation = is_coded.then(|| {
            let bootstrap = Bootstrap { n_replicates: 20, ..Bootstrap::default() };
            let leakage = model.metadata().training.evaluation.leakage.clone();
            Evaluation { leakage, ..predictions.judge(&corpus, bootstrap).unwrap() }
        });
        Scene {
            curves: if is_coded { curves(&scored) } else { Vec::new() },
            evaluation,
            explanations: comparison.examples.iter().map(|example| scorer.explain(&example.text).ok()).collect(),
            card: card_table(&model, "model.safetensors"),
            comparison,
        }
    }

    /// Two coders of forty units, who differ in every fifth.
    fn agreement(&self) -> Agreement {
        let unit = |i: u32| RatedUnit {
            id: format!("u{i}"),
            labels: [i % 3, if i.is_multiple_of(5) { 2 } else { i % 3 }]
                .map(|frame| Some(LabelSet::from([frame % 2])))
                .to_vec(),
            ..RatedUnit::default()
        };
        let ratings = Ratings {
            frames: Frames::new(self.comparison.frames[..2].to_vec()).unwrap(),
            coders: vec!["Ada".into(), "<i>nobody</i>".into()],
            units: (0..40).map(unit).collect(),
            sources: Vec::new(),
            n_not_coded: 0,
            n_texts_differ: 0,
        };
        agree(&ratings, None, Bootstrap::default())
    }

    fn page(&self, agreement: Option<&Agreement>) -> String {
        let input = ReportInput {
            title: "Eight outlets </title><script>alert(1)</script>",
            comparison: &self.comparison,
            evaluation: self.evaluation.as_ref(),
            curves: &self.curves,
            explanations: &self.explanations,
            agreement,
            card: Some(self.card.clone()),
        };
        report_html(&input).unwrap()
    }
}

/// A model that errs more than one does on its own training rows.
fn blurred(mut predictions: Predictions) -> Predictions {
    for (i, proba) in predictions.proba.iter_mut().enumerate() {
        let noise = (i * 7919 % 997) as f64 / 997.0;
        *proba = 0.6 * *proba + 0.4 * noise * noise;
    }
    predictions.predicted = predictions.proba.mapv(|proba| proba >= 0.45);
    predictions
}

fn write_rows(path: &Path, coded_of_ten: usize, n_outlets: usize) {
    let labels = Path::new(env!("CARGO_MANIFEST_DIR")).join("labels/framing-en.csv");
    let mut reader = csv::Reader::from_path(labels).unwrap();
    let mut writer = csv::Writer::from_path(path).unwrap();
    writer.write_record(["id", "text", "labels", "outlet", "doc_id", "story_id", "voice"]).unwrap();
    let names =
        ["Evening Comet", "Harbour Wire", "Meridian Post", "The Daily Lantern of the Northern Provinces and Isles"];
    let mut of_article = 0;
    for (i, record) in reader.records().enumerate() {
        let record = record.unwrap();
        let article = i / 4;
        // The first outlet has more than its share of frames, so that some differences are real.
        let is_framed = !record[2].is_empty() && &record[2] != "none" && i % 4 == 0;
        of_article = if i % 4 > 0 {
            of_article
        } else if is_framed && article % 2 == 0 {
            0
        } else {
            article % n_outlets
        };
        let outlet = match of_article {
            k if k < HOSTILE.len() => HOSTILE[k].to_owned(),
            k if k < HOSTILE.len() + names.len() => names[k - HOSTILE.len()].to_owned(),
            k => format!("Outlet {k}"),
        };
        let text =
            if i % 50 == 0 { format!("<img src=x onerror=alert(2)> {}", &record[1]) } else { record[1].to_owned() };
        let coded = i * 31 % 10 < coded_of_ten;
        let (doc, story) = (format!("d{article}"), format!("s{}", article / 8));
        // And a coder who slips now and then.
        let label = if !coded {
            ""
        } else if i % 23 == 0 {
            "none"
        } else {
            &record[2]
        };
        writer.write_record([&record[0], &text, label, &outlet, &doc, &story, &record[7]]).unwrap();
    }
    writer.flush().unwrap();
}

/// Every element that the template and the charts write.
const TAGS: &str = "a b blockquote body button caption code dd details div dl dt figcaption figure footer h1 \
    h2 h3 h4 head header html i input label li main nav ol option output p pre section select \
    span strong sub summary table tbody td th thead title tr ul svg desc circle line polyline \
    rect text";

/// Tags of the page's body with their attributes' names, values taken out.
fn tags(page: &str) -> Vec<String> {
    let body = page.split("</style>").nth(1).unwrap().split("<script>").next().unwrap();
    let bare = |tag: &str| tag.split('"').step_by(2).collect::<String>().to_lowercase();
    body.split('<').skip(1).map(|tag| bare(tag.split('>').next().unwrap())).collect()
}

fn check_sealed(page: &str) {
    assert_eq!(page.matches("<script").count(), 1, "the page's own script and no other");
    assert_eq!(page.matches("</style>").count(), 1);
    for tag in tags(page) {
        let name = tag.split_whitespace().next().unwrap_or_default().trim_matches('/');
        assert!(TAGS.split_whitespace().any(|known| known == name), "<{tag}>");
        assert!(!tag.contains(" on"), "a handler in <{tag}>");
        assert!(!tag.contains(" src=") && !tag.contains(" xlink"), "<{tag}> could load something");
    }
    // Links lead within the page; the icon is no icon.
    let links: Vec<&str> = page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(links.iter().all(|link| link.starts_with('#') || *link == "data:,"), "{links:?}");
    assert!(
        !page.contains("http://") && !page.contains("https://") && !page.contains("@import") && !page.contains("url(")
    );
    let head = page.split("</head>").next().unwrap();
    assert!(head.contains("default-src 'none'") && head.contains("script-src 'sha256-"));
}

/// Leaves a page where the browser test finds it; see .ci/run.
fn keep(name: &str, page: &str) {
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name), page).unwrap();
}

#[test]
fn markup_in_names_and_texts_stays_text() {
    let page = Scene::new(3, 8).page(None);
    check_sealed(&page);
    // In cells, and in charts, which plotters escapes in its own spelling and the report shortens.
    assert!(page.contains("<th scope=\"row\">&lt;script&gt;alert(1)&lt;&#x2f;script&gt;</th>"));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/scrip…\n</text>"));
    assert!(page.contains("&quot;&gt;&lt;img src=x onerror=al…\n</text>"));
    assert!(page.contains("{{ policy|safe }}"), "a name is no template");
}

#[test]
fn every_section_is_there() {
    let scene = Scene::new(3, 8);
    let page = scene.page(Some(&scene.agreement()));
    keep("report.html", &page);
    let sections = "answer shares differences ranks voices measured calibration model agreement words suspects drift \
        examples method card notes";
    for section in sections.split_whitespace() {
        assert!(page.contains(&format!("<section id=\"{section}\"")), "{section}");
        assert!(page.contains(&format!("href=\"#{section}\"")), "the contents name {section}");
    }
    for id in ["surviving", "stories", "voices", "words", "suspects", "drift", "leakage", "agreement"] {
        assert!(page.contains(&format!("<div class=\"table\" id=\"{id}-table\">")), "{id}");
    }
    assert!(!page.contains("class=\"banner\""), "these shares are corrected");
    assert!(page.contains("<span class=\"for t5\">"), "words are tinted");
    assert_eq!(page.matches("role=\"img\"").count(), page.matches("<svg").count());
    assert_eq!(page.matches("<desc id=").count(), page.matches("<svg").count());
    assert_eq!(page, scene.page(Some(&scene.agreement())), "the same input gives the same bytes");
}

#[test]
fn words_of_a_model_with_an_encoder_are_said_to_be_approximate() {
    let mut scene = Scene::new(0, 8);
    let says = "They are approximate: the model’s encoder reads a sentence as a whole";
    assert!(!scene.page(None).contains(says));
    scene.explanations.iter_mut().flatten().for_each(|explanation| explanation.approximate = true);
    assert!(scene.page(None).contains(says));
}

#[test]
fn nothing_coded_is_said_first() {
    let page = Scene::new(0, 8).page(None);
    keep("uncorrected.html", &page);
    check_sealed(&page);
    let banner = page.find("<strong>Uncorrected</strong>").unwrap();
    assert!(banner < page.find("<section id=\"shares\"").unwrap());
    assert!(page.contains("by outlet, uncorrected"), "the charts say so too");
    assert!(page.contains("there is nothing to judge the model by"));
    assert!(!page.contains("id=\"surviving-table\""));
}

#[test]
fn many_outlets_make_no_endless_page() {
    let page = Scene::new(5, 191).page(None);
    keep("many.html", &page);
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    assert!(page.contains("The 40 outlets with the most sentences are drawn, of 191"));
    assert!(page.contains("The first 1,500 of "));
}
