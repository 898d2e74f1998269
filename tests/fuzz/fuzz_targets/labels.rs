//! Any bytes as coded rows, with a column of labels or 0/1 columns: either one clear error, or codes that are the same
//! when they are written and read again.

#![no_main]

use std::io::Cursor;

use framescope::corpus::{NO_FRAME, ReadOptions, SEPARATOR, Table, TableFormat};
use framescope::{Code, Corpus, CorpusOptions, Frames};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let read = |format| ReadOptions { format: Some(format), ..ReadOptions::default() };
    let format = if first & 1 == 0 { TableFormat::CSV } else { TableFormat::JsonLines };
    let frames = (first & 2 == 2).then(|| Frames::new(vec!["b".into(), "a".into()]).expect("two names"));
    let options = CorpusOptions { read: read(format), frames, uncoded: first & 4 == 4, ..CorpusOptions::default() };
    let Ok(corpus) = corpus(bytes.to_vec(), &options) else { return };

    assert_eq!(corpus.codes.dim(), (corpus.n_rows(), corpus.frames.len()));
    assert!(corpus.texts.iter().all(|text| !text.trim().is_empty()), "rows without a text are left out");
    assert!(Frames::new(corpus.frames.names().to_vec()).is_ok());

    // As 0/1 columns, which hold everything; then as one column of labels, for rows coded for all frames.
    let flags = |row: usize| {
        let cell = |code: &Code| match code {
            Code::NotCoded => "",
            Code::Absent => "0",
            Code::Present => "1",
        };
        corpus.codes.row(row).iter().map(cell).map(str::to_owned).collect::<Vec<_>>()
    };
    let again = CorpusOptions {
        read: read(TableFormat::CSV),
        frames: Some(corpus.frames.clone()),
        uncoded: true,
        ..CorpusOptions::default()
    };
    let reserved = ReadOptions::default().columns;
    let is_free = |name: &String| ![&reserved.text, &reserved.labels, &reserved.weight].contains(&name);
    if corpus.frames.names().iter().all(is_free) {
        let table = table(&corpus, corpus.frames.names(), flags);
        let flagged = self::corpus(table, &again).expect("what is written can be read");
        assert_eq!(flagged.codes, corpus.codes, "0/1 columns come back");
    }

    let coded: Vec<usize> =
        (0..corpus.n_rows()).filter(|row| !corpus.codes.row(*row).iter().any(|code| *code == Code::NotCoded)).collect();
    let corpus = corpus.select(&coded);
    if coded.is_empty() {
        return;
    }
    let joined = |row: usize| vec![corpus.frames.join(corpus.codes.row(row).iter().map(|code| *code == Code::Present))];
    assert!((0..corpus.n_rows()).all(|row| {
        let labels = &joined(row)[0];
        labels == NO_FRAME || labels.split(SEPARATOR).all(|name| corpus.frames.find(name).is_some())
    }));
    let labelled = self::corpus(table(&corpus, &["labels".to_owned()], joined), &again).expect("labels can be read");
    assert_eq!(labelled.codes, corpus.codes, "labels come back");
});

fn corpus(bytes: Vec<u8>, options: &CorpusOptions) -> framescope::Result<Corpus> {
    Corpus::from_table(Table::from_reader("coded", Cursor::new(bytes), &options.read)?, options)
}

/// The texts with some other columns.
fn table(corpus: &Corpus, names: &[String], cells: impl Fn(usize) -> Vec<String>) -> Vec<u8> {
    let mut out = csv::Writer::from_writer(Vec::new());
    let header = std::iter::once("text").chain(names.iter().map(String::as_str));
    out.write_record(header).expect("memory takes it");
    for (row, text) in corpus.texts.iter().enumerate() {
        let cells = cells(row);
        out.write_record(std::iter::once(text).chain(&cells)).expect("memory takes it");
    }
    out.into_inner().expect("memory takes it")
}
