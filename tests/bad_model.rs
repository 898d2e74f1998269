//! Model files that are cut, changed, foreign, of another version, or not there.

mod support;

use support::{Folder, trained};

const NOT_USABLE: &str = "m.safetensors: not a usable framescope model: ";

/// The bytes of a trained model, and the length of its safetensors header.
fn model() -> (Vec<u8>, usize) {
    let bytes = trained().read("m.safetensors");
    let header = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes are eight bytes"));
    (bytes, header as usize)
}

/// A folder with this model file, and rows that every verb could read.
fn folder(model: &[u8]) -> Folder {
    Folder::with_rows("text,labels\nTalks go on,none\n").with("m.safetensors", model)
}

/// Every verb that reads a model refuses it, saying `says`.
fn refused(model: &[u8], says: &[&str]) {
    let folder = folder(model);
    let says = [&[NOT_USABLE], says].concat();
    folder.fails(&["predict", "rows.csv", "--model", "m.safetensors", "-o", "s.csv"], &says);
    folder.fails(&["evaluate", "rows.csv", "--model", "m.safetensors"], &says);
    folder.fails(&["explain", "rows.csv", "--model", "m.safetensors"], &says);
    folder.fails(&["inspect", "m.safetensors"], &says);
}

fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len(), "the header's length must stay right");
    let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).expect("the text is in the header");
    let mut bytes = bytes.to_vec();
    bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    bytes
}

#[test]
fn a_whole_model_is_usable() {
    let (bytes, _) = model();
    let folder = folder(&bytes);
    let run = folder.succeeds(&["predict", "rows.csv", "--model", "m.safetensors", "-q"]);
    assert_eq!(run.rows()[0][2..], ["p_accusation", "p_dialogue", "p_escalation", "predicted"]);
}

#[test]
fn a_truncated_model_is_refused_wherever_it_ends() {
    let (bytes, header) = model();
    refused(&bytes[..bytes.len() - 1], &["truncated"]);
    let folder = Folder::new();
    for length in [1, 7, 8, 9, header / 2, 8 + header - 1, 8 + header, 8 + header + 1, bytes.len() / 2, bytes.len() - 8]
    {
        let folder = Folder::new().with("m.safetensors", &bytes[..length]);
        folder.fails(&["inspect", "m.safetensors"], &[NOT_USABLE, "truncated"]);
    }
    let longer = [&bytes[..], b"\0"].concat();
    folder.with("m.safetensors", longer).fails(&["inspect", "m.safetensors"], &[NOT_USABLE]);
}

#[test]
fn an_empty_model_is_refused() {
    refused(b"", &["the file is empty; train one with `framescope train`"]);
}

#[test]
fn a_changed_weight_is_refused() {
    let (mut bytes, header) = model();
    let middle = 8 + header + (bytes.len() - 8 - header) / 2;
    bytes[middle] ^= 1;
    refused(&bytes, &["do not match its own hash", "train or fetch it again"]);
}

#[test]
fn a_changed_setting_is_refused() {
    let (bytes, _) = model();
    refused(&replaced(&bytes, "\\\"max_words\\\":2", "\\\"max_words\\\":1"), &["do not match its own hash"]);
    refused(&replaced(&bytes, "\\\"dialogue\\\"", "\\\"diabogue\\\""), &["do not match its own hash"]);
    let hash = bytes.windows(9).rposition(|window| window == b"\\\"sha256\\").expect("the hash ends the metadata");
    let mut forged = bytes.clone();
    let digit = &mut forged[hash + 14];
    *digit = if *digit == b'0' { b'1' } else { b'0' };
    refused(&forged, &["do not match its own hash"]);
}

#[test]
fn no_flipped_byte_goes_unnoticed() {
    let (bytes, header) = model();
    let folder = Folder::new();
    // All of the length, then a stride through header and tensors that is no multiple of a number's size.
    let strided = |from: usize, to: usize, n: usize| (from..to).step_by(((to - from) / n) | 1);
    let positions: Vec<usize> =
        (0..8).chain(strided(8, 8 + header, 40)).chain(strided(8 + header, bytes.len(), 25)).collect();
    assert!(positions.len() > 70);
    for position in positions {
        let mut changed = bytes.clone();
        changed[position] ^= 0x11;
        std::fs::write(folder.path("m.safetensors"), changed).unwrap();
        let run = folder.fails(&["inspect", "m.safetensors"], &[NOT_USABLE]);
        assert!(run.stderr.len() < 600, "byte {position}: {}", run.stderr);
    }
}

#[test]
fn another_format_version_is_told_from_damage() {
    let (bytes, _) = model();
    let version = env!("CARGO_PKG_VERSION");
    for other in [3, 9] {
        let found = replaced(&bytes, "\\\"format\\\":4,", &format!("\\\"format\\\":{other},"));
        let says = format!(
            "it has format {other}, written by framescope {version}, but this is framescope {version}, which reads format 4"
        );
        refused(&found, &[&says, "train it again"]);
    }
}

#[test]
fn a_foreign_safetensors_file_is_told_from_damage() {
    let file = |header: &str| {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(&1.0_f32.to_le_bytes());
        bytes
    };
    let tensor = r#""x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#;
    let foreign = "it is a .safetensors file, but not one that `framescope train` wrote";
    refused(&file(&format!("{{{tensor}}}")), &[foreign]);
    refused(&file(&format!(r#"{{"__metadata__":{{"format":"pt"}},{tensor}}}"#)), &[foreign]);
    let garbled = file(&format!(r#"{{"__metadata__":{{"framescope":"{{"}},{tensor}}}"#));
    refused(&garbled, &["its metadata cannot be read"]);
}

#[test]
fn other_files_are_no_models() {
    refused(b"text,labels\nTalks go on,none\n", &["no .safetensors file at all"]);
    refused(&[0xFF; 64], &["no .safetensors file at all"]);
}

#[test]
fn a_model_that_is_not_there_is_named() {
    let folder = Folder::with_rows("text,labels\nTalks go on,none\n");
    std::fs::create_dir(folder.path("folder")).unwrap();
    for name in ["gone.safetensors", "folder"] {
        let says = format!("{name}: cannot read the model: ");
        folder.fails(&["predict", "rows.csv", "--model", name, "-o", "s.csv"], &[&says]);
        folder.fails(&["evaluate", "rows.csv", "--model", name], &[&says]);
        folder.fails(&["explain", "--text", "Talks go on", "--model", name], &[&says]);
        folder.fails(&["inspect", name], &[&says]);
    }
}
