//! Any text, plain or as a page, is taken apart without a panic, and its sentences stand where they say.

#![no_main]

use framescope::Segmenter;
use framescope::corpus::Markup;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut segmenter = Segmenter::new("en");
    for markup in [Markup::Plain, Markup::Html] {
        let mut end = 0;
        for sentence in segmenter.segment(text, markup).sentences {
            assert!(sentence.span.start >= end, "sentences are in order and apart");
            end = sentence.span.end;
            assert_eq!(sentence.text_in(text).as_deref(), Some(&*sentence.text));
        }
    }
});
