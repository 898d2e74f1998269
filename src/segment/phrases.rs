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

/// Who else worked on a report.
pub(super) static SOURCE_INSIDE: Phrases = LazyLock::new(|| {
    split(
        "contributed to this report | contributed to this story | contributed to this article | contributed reporting",
    )
});

/// Lines that link to where a text was first printed.
pub(super) static SOURCE_WHOLE: Phrases = LazyLock::new(|| {
    split("original source | source link | original article | original story | via | source | sources")
});

/// How lines begin that say where a text was first printed, and who worked on it.
pub(super) static SOURCE_HEADS: Phrases = LazyLock::new(|| {
    split(
        "this article originally appeared | this article was originally | this story           originally appeared | \
         this story was originally | originally published | this article first appeared | this           material may \
         not be published | reprinted with permission | republished with permission | contributing:",
    )
});

/// How the controls of players begin.
pub(super) static PLAYER_HEADS: Phrases = LazyLock::new(|| {
    split(
        "space to play | play the video | media player | video player | duration: | watch           live | listen \
         live | this video can not be played | this video cannot be played | your browser does not           support",
    )
});

/// Labels of players.
pub(super) static PLAYER_WHOLE: Phrases = LazyLock::new(|| {
    split(
        "video | audio | listen | watch | youtube | loading | play | pause | live | unmute | mute | play video | play \
         audio",
    )
});

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
    split(
        "photo | photos | image | images | gallery | slideshow | pullquote | enlarge | caption | interactive | getty \
         images | ap photo | reuters | afp | afp via getty images",
    )
});

/// How lines begin that ask the reader to do something.
pub(super) static PROMPT_HEADS: Phrases = LazyLock::new(|| {
    split(
        "subscribe to | subscribe now | subscribe on | subscribe for | sign up for | sign up to | sign up here | sign \
         up now | sign up today | follow us | follow @ | - follow | click here | tap here | click to | leave a reply \
         | leave a comment | comments are closed | comments closed | post a           comment | your email address | \
         required fields | join the conversation | join the discussion | download our app | get our newsletter | like \
         us on | story           continued below | please enable javascript | enable javascript | back to top | don't \
         see the           graphic | view comments | show comments | load more | print this | email this | support \
         our journalism | this is a developing story; check back | join our newsletter | join our community | join \
         our mailing list | share this article | share this story | share this page | share this post | share on \
         facebook | share on twitter | share via email | advertisement continue reading | continue reading the main \
         story | continue reading below | return to the top of | save my name | skip to content | skip to main \
         content",
    )
});

/// Labels of buttons, menus and advertisements.
pub(super) static PROMPT_WHOLE: Phrases = LazyLock::new(|| {
    split(
        "share | tweet | email | print | comments | comment | close | menu | search | login | log in | register | \
         newsletter | newsletters | ad | ads | sponsored | sponsored content | facebook | twitter | whatsapp | \
         linkedin | pinterest | reddit | telegram | copy link | link copied | save | bookmark | skip | more | next | \
         previous | read comments | trending | advertisement | story continued below | story continues below | \
         article continues below | continued below | continue reading | share this",
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

/// Whose the opinions are that it prints.
pub(super) static DISCLAIMER_OWNER: Phrases = LazyLock::new(|| {
    split(
        "necessarily reflect | necessarily represent | not represent the | not reflect the | not mean that we agree | \
         are their own | of the author | those of the",
    )
});

/// What stands before the names of those who wrote and edited.
pub(super) static CREDIT_HEADS: Phrases = LazyLock::new(|| {
    split("reporting by | editing by | writing by | additional reporting by | compiled by | translated by")
});

/// How lines end that say whose a picture is.
pub(super) static CREDIT_TAILS: Phrases = LazyLock::new(|| {
    split(
        "/getty images | /getty | via getty images | via getty | /ap | /afp | /reuters | /epa | /ap photo | via ap | \
         via reuters | via afp | /shutterstock",
    )
});

/// What stands in prompts of any length.
pub(super) static PROMPT_INSIDE: Phrases = LazyLock::new(|| {
    split(
        "sign up for our newsletter | subscribe to our newsletter | you           agree to our privacy policy | \
         please verify you're not a robot | sign up for daily | news faster than anyone",
    )
});
