//! Encoders by their name on the hub: where Hugging Face's tools keep what they fetched, and how more is fetched.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The revision that a name without one means.
const MAIN: &str = "main";

/// The folder of an encoder on this machine, and the commit that it is: `ORGANISATION/NAME`, with `@REVISION` behind it to pin a commit, a
/// branch or a tag.
///
/// # Errors
/// [`ErrorKind::Encoder`](crate::ErrorKind::Encoder) if it is not there and cannot be fetched.
pub(super) fn find(spec: &str) -> Result<(PathBuf, String)> {
    let (name, revision) = spec.split_once('@').unwrap_or((spec, MAIN));
    if !is_name(name) || revision.is_empty() || !revision.split('/').all(is_part) {
        let expected =
            "a folder in Hugging Face layout, or a name on the hub such as sentence-transformers/all-MiniLM-L6-v2";
        return Err(Error::encoder(format!(
            "{spec:?} is neither a folder that is there nor a name: expected {expected}"
        )));
    }
    let cache = cache();
    if let Some(found) = cache.as_deref().and_then(|cache| kept(cache, name, revision)) {
        return Ok(found);
    }
    fetch(name, revision)?;
    cache
        .as_deref()
        .and_then(|cache| kept(cache, name, revision))
        .ok_or_else(|| Error::encoder(format!("{name} was fetched, and is not where the hub's cache should have it")))
}

fn is_part(part: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !part.is_empty() && part.chars().all(is_plain) && !part.starts_with('.')
}

fn is_name(name: &str) -> bool {
    name.split('/').count() <= 2 && name.split('/').all(is_part)
}

/// The folder that all of Hugging Face's tools share.
fn cache() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || variable("HF_HOME").or_else(|| variable("HOME").map(|home| home.join(".cache/huggingface")));
    variable("HF_HUB_CACHE").or_else(|| home().map(|home| home.join("hub")))
}

/// A snapshot that is in the cache with all its files.
fn kept(cache: &Path, name: &str, revision: &str) -> Option<(PathBuf, String)> {
    let folder = cache.join(format!("models--{}", name.replace('/', "--")));
    let named = std::fs::read_to_string(folder.join("refs").join(revision)).ok();
    let commit = named.as_deref().map_or(revision, str::trim).to_owned();
    let snapshot = folder.join("snapshots").join(&commit);
    let is_whole = is_part(&commit) && super::folder::is_whole(&snapshot);
    is_whole.then_some((snapshot, commit))
}

#[cfg(feature = "hub")]
fn fetch(name: &str, revision: &str) -> Result<()> {
    use hf_hub::api::sync::ApiBuilder;
    use hf_hub::{Repo, RepoType};

    let failed = |error: &dyn std::fmt::Display| {
        Error::encoder(format!("{name} is not in the hub's cache, and cannot be fetched: {error}"))
    };
    let api = ApiBuilder::from_env().with_progress(false).build().map_err(|error| failed(&error))?;
    let repo = api.repo(Repo::with_revision(name.to_owned(), RepoType::Model, revision.to_owned()));
    let there = repo.info().map_err(|error| failed(&error))?;
    for file in there.siblings.iter().filter(|file| super::folder::is_read(&file.rfilename)) {
        repo.get(&file.rfilename).map_err(|error| failed(&error))?;
    }
    Ok(())
}

#[cfg(not(feature = "hub"))]
fn fetch(name: &str, revision: &str) -> Result<()> {
    Err(Error::encoder(format!(
        "{name}, revision {revision}, is neither a folder nor in the hub's cache, and this build fetches nothing: \
         give its folder, fetch it with Hugging Face's own tools, or build with --features hub"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_found_by_branch_and_by_commit() {
        let cache = tempfile::tempdir().unwrap();
        let folder = cache.path().join("models--some--encoder");
        let snapshot = folder.join("snapshots/abc123");
        std::fs::create_dir_all(&snapshot).unwrap();
        std::fs::create_dir_all(folder.join("refs")).unwrap();
        std::fs::write(folder.join("refs/main"), "abc123\n").unwrap();
        for name in ["config.json", "tokenizer.json"] {
            std::fs::write(snapshot.join(name), "{}").unwrap();
        }
        assert_eq!(kept(cache.path(), "some/encoder", "main"), None, "the weights are not there yet");
        std::fs::write(snapshot.join("model.safetensors"), "").unwrap();
        let found = Some((snapshot, "abc123".to_owned()));
        assert_eq!(kept(cache.path(), "some/encoder", "main"), found);
        assert_eq!(kept(cache.path(), "some/encoder", "abc123"), found);
        assert_eq!(kept(cache.path(), "some/encoder", "other"), None);
    }

    #[test]
    fn what_is_no_name_is_told() {
        for spec in ["", "no/such/folder", "../up", "name@", "a b", "a@../../b"] {
            let error = find(spec).unwrap_err().to_string();
            assert!(error.contains("is neither a folder that is there nor a name"), "{error}");
        }
    }
}
