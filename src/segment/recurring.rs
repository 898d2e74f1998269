//! Furniture that no list knows: lines that recur across an outlet's articles.

/// A line of some outlet's article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LineFacts {
    pub(super) outlet: u32,
    /// Hash of what it says, digits made equal.
    pub(super) key: u64,
    pub(super) article: u32,
    pub(super) line: u32,
}

/// A line must recur in so many articles of its outlet, and in this share of them.
const LEAST_ARTICLES: usize = 4;
const LEAST_SHARE: f64 = 0.005;
/// And these must tell so many stories: an article that was published again recurs line by line.
const LEAST_STORIES: usize = 3;

/// The lines, of all `lines`, that recur; sorted by article and line. `story_of` has the story of each article, and `n_articles` the number of articles
/// of each outlet.
pub(super) fn recurring(mut lines: Vec<LineFacts>, story_of: &[u32], n_articles: &[u32]) -> Vec<(u32, u32)> {
    lines.sort_unstable();
    let mut out = Vec::new();
    for group in lines.chunk_by(|a, b| (a.outlet, a.key) == (b.outlet, b.key)) {
        let n_in = group.chunk_by(|a, b| a.article == b.article).count();
        let share = n_in as f64 / f64::from(n_articles[group[0].outlet as usize]);
        if n_in < LEAST_ARTICLES || share < LEAST_SHARE {
            continue;
        }
        let mut stories: Vec<u32> = group.iter().map(|line| story_of[line.article as usize]).collect();
        stories.sort_unstable();
        stories.dedup();
        if stories.len() >= LEAST_STORIES {
            out.extend(group.iter().map(|line| (line.article, line.line)));
        }
    }
    out.sort_unstable();
    // An article that is printed again after weeks recurs as a whole: where more than half of the lines would go, they are its story.
    let mut n_lines = vec![0_usize; story_of.len()];
    lines.iter().for_each(|line| n_lines[line.article as usize] += 1);
    let is_trim = |found: &&[(u32, u32)]| 2 * found.len() <= n_lines[found[0].0 as usize];
    out.chunk_by(|a, b| a.0 == b.0).filter(is_trim).flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::lines::LineKey;

    fn line(article: u32, text: &str) -> LineFacts {
        LineFacts { outlet: 0, key: LineKey::new(text).shape, article, line: 1 }
    }

    #[test]
    fn an_article_printed_again_keeps_its_story() {
        let texts = ["The mill opens.", "The river fell.", "Filed from the desk"];
        let printed = |article: u32| {
            texts.iter().enumerate().map(move |(i, text)| LineFacts { line: i as u32, ..line(article, text) })
        };
        let lines: Vec<LineFacts> = (0..5).flat_map(printed).collect();
        assert_eq!(recurring(lines, &[0, 1, 2, 3, 4], &[5]), []);
    }

    #[test]
    fn lines_recur_over_stories_and_not_within_one() {
        let stamp = |article| line(article, &format!("Filed at {article}:30 from the desk"));
        let story = |article| line(article, &format!("The mill opened {}", "a".repeat(article as usize)));
        let lines: Vec<LineFacts> =
            (0..4).flat_map(|article| [stamp(article), LineFacts { line: 0, ..story(article) }]).collect();
        assert_eq!(recurring(lines.clone(), &[0, 1, 2, 3], &[4]), [(0, 1), (1, 1), (2, 1), (3, 1)]);
        assert_eq!(recurring(lines.clone(), &[0, 0, 0, 3], &[4]), []);
        assert_eq!(recurring(lines[..6].to_vec(), &[0, 1, 2], &[4]), []);
        assert_eq!(recurring(lines, &[0, 1, 2, 3], &[4000]), []);
    }
}
