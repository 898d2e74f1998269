//! The phrases that furniture is known by, in lower case, with straight apostrophes.

use std::sync::LazyLock;

/// Phrases, parted by bars.
type Phrases = LazyLock<Vec<&'static str>>;

fn split(phrases: &'static str) -> Vec<&'static str> {
    phrases.split('|').map(str::trim).collect()
}

/// How a site takes its distance from opinions that it prints.
pub(super) static DISCLAIMER_INSIDE: Phrases =
    LazyLock::new(|| split("opinions expressed | views expressed | opinion expressed | we remind our readers"));

/// How a site takes its distance, continued: whose the opinions are.
pub(super) static DISCLAIMER_INSIDE_2: Phrases = LazyLock::new(|| {
    split(
        "necessarily reflect | necessarily represent | not represent the | not reflect the | not mean that we agree | \
         are their own | of the author | those of the | his own | her own",
    )
});

/// Who else worked on a report.
pub(super) static SOURCE_INSIDE: Phrases = LazyLock::new(|| {
    split("contributed to this | contributed reporting | contributed from | contributed to the report")
});

/// Lines that link to where a text was first printed.
pub(super) static SOURCE_WHOLE: Phrases = LazyLock::new(|| {
    split("original source | source link | original article | original story | via | source | sources")
});

/// How lines begin that say whose the text is.
pub(super) static SOURCE_HEADS: Phrases = LazyLock::new(|| {
    split(
        "copyright | © | (c) | source: | original source: | contributing: | reporting by | editing by | writing by | \
         additional reporting | this article originally appeared | this article was originally | this story \
         originally appeared | this story was originally | originally published | this article first appeared | this \
         material may not be published | reprinted with permission | republished with permission",
    )
});

/// How the controls of players begin.
pub(super) static PLAYER_HEADS: Phrases = LazyLock::new(|| {
    split(
        "space to play | play the video | play video | play audio | media player | video player | duration: | watch \
         live | listen live | this video can not be played | this video cannot be played | your browser does not \
         support",
    )
});

/// Labels of players.
pub(super) static PLAYER_WHOLE: Phrases =
    LazyLock::new(|| split("video | audio | listen | watch | youtube | loading | play | pause | live | unmute | mute"));

/// How captions and credits begin.
pub(super) static CAPTION_HEADS: Phrases = LazyLock::new(|| {
    split(
        "photo: | photos: | photo by | photograph: | photograph by | image: | image credit | picture: | credit: | \
         photo credit | enlarge this image | toggle caption | file photo | caption: | ( photos: | (photos: | [photo | \
         next image | prev image",
    )
});

/// Labels of pictures.
pub(super) static CAPTION_WHOLE: Phrases = LazyLock::new(|| {
    split("photo | photos | image | images | gallery | slideshow | pullquote | enlarge | caption | interactive")
});

/// How lines begin that ask the reader to do something.
pub(super) static PROMPT_HEADS: Phrases = LazyLock::new(|| {
    split(
        "subscribe to | subscribe now | subscribe on | subscribe for | sign up for | sign up to | sign up here | sign \
         up now | sign up today | follow us | follow @ | - follow | share this | share on | share via | click here | \
         tap here | click to | leave a reply | leave a comment | comments are closed | comments closed | post a \
         comment | your email address | required fields | save my name | join the conversation | join the discussion \
         | join our | download our app | download the | get our newsletter | like us on | advertisement | story \
         continued below | story continues below | article continues below | continue reading | continued below | \
         please enable javascript | enable javascript | skip to | return to the top | back to top | don't see the \
         graphic | view comments | show comments | load more | print this | email this | support our journalism | \
         this is a developing story; check back",
    )
});

/// Labels of buttons and menus.
pub(super) static PROMPT_WHOLE: Phrases = LazyLock::new(|| {
    split(
        "share | tweet | email | print | comments | comment | close | menu | search | login | log in | register | \
         newsletter | newsletters | ad | ads | sponsored | sponsored content | facebook | twitter | whatsapp | \
         linkedin | pinterest | reddit | telegram | copy link | link copied | save | bookmark | skip | more | next | \
         previous | read comments | trending",
    )
});

/// What stands in prompts of any length.
pub(super) static PROMPT_OF_ANY_LENGTH_INSIDE: Phrases = LazyLock::new(|| {
    split(
        "delivered to your inbox | in your inbox | sign up for our newsletter | subscribe to our newsletter | you \
         agree to our privacy policy | please verify you're not a robot | sign up for daily | news faster than anyone",
    )
});

/// How lines begin that hold a link to another article.
pub(super) static READ_ALSO_HEADS: Phrases = LazyLock::new(|| {
    split(
        "read also: | read more: | see also: | also read: | related: | more: | read: | watch: | must read: | also \
         see: | see more: | recommended: | read next: | more from | special coverage: | related story: | related \
         article:",
    )
});

/// Lines that announce a link on the next.
pub(super) static OPENS_LINK_WHOLE: Phrases = LazyLock::new(|| {
    split(
        "read also | read more | see also | also read | related | related articles | related stories | related \
         article | related story | related news | related topics | more on this | more on this story | more on this \
         topic | read next | up next | recommended | recommended stories | you may also like | you might also like | \
         most read | most popular | don't miss | further reading | also on | more stories | top stories | read more \
         about",
    )
});

/// What tells furniture wherever it stands in a line; lines without any of these are not searched for phrases.
pub(super) static SIGNS: Phrases = LazyLock::new(|| {
    split(
        "opinion | views expressed | our readers | inbox | newsletter | privacy policy | robot | sign up | news \
         faster | contribut | rights reserved | © | to play or pause | see the video | arrows for volume | duration:",
    )
});
