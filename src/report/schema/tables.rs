//! The tables. A new column begins here.

use super::{CONTEXT_COLUMN, Column, PROBA_COLUMN, TableSchema};

/// Every table that a verb writes, in the order in which an analysis meets them.
pub const TABLES: [TableSchema; 13] = [
    SENTENCES,
    PREDICTIONS,
    TO_CODE,
    FORECAST,
    EVALUATION,
    DISTILLATION,
    AGREEMENT,
    SHARES,
    DIFFERENCES,
    STUDY_PREDICTIONS,
    EXPLANATIONS,
    FEATURES,
    SCHEMA,
];

const LEVEL: Column = Column::number("level", "Confidence level of the interval, between 0 and 1.");

/// What `segment` writes.
pub const SENTENCES: TableSchema = TableSchema {
    name: "sentences",
    verbs: &["segment"],
    about: "a sentence a row, as segment writes them; the other columns of the articles follow.",
    columns: &[
        Column::text("id", "The row: doc_id and the number of the sentence, or b and a number for furniture."),
        Column::text("text", "The sentence, with entities, mojibake and markup mended."),
        Column::text("outlet", "The outlet; empty where neither article nor manifest names it.").or_empty(),
        Column::text("doc_id", "The article, by the name it came with, or that of its file."),
        Column::text("date", "The article's date as it was given; empty where none was.").or_empty(),
        Column::integer("paragraph", "Number of the paragraph in the article, from 1; 0 for furniture."),
        Column::integer("sentence", "Number of the sentence in the article, from 1; 0 for furniture."),
        Column::integer("start", "Where the sentence begins in the article as given, in bytes from 0."),
        Column::integer("end", "Where it ends: the byte behind its last."),
        Column::text(
            "voice",
            "quoted (direct speech), attributed (reported speech) or editorial (the outlet's own); empty for furniture.",
        )
        .or_empty(),
        Column::text("speaker", "Whose words they are; empty where the text names nobody.").or_empty(),
        Column::text("story_id", "The story, shared by articles of a few days about one event."),
        Column::text(
            "wire_id",
            "Shared by sentences that several outlets have word for word or nearly; empty for all others.",
        )
        .or_empty(),
        Column::text(
            "repairs",
            "What was mended, as a JSON array of [byte, length, replacement]; empty where the bytes from start to end \
             are the sentence.",
        )
        .or_empty(),
        Column::text(
            "boilerplate",
            "Why the line was taken for furniture, such as byline; empty for sentences, and the column is there only with --keep-boilerplate.",
        )
        .or_empty(),
    ],
};

/// What `predict` appends.
pub const PREDICTIONS: TableSchema = TableSchema {
    name: "predictions",
    verbs: &["predict"],
    about: "the rows of the input in their order, as predict writes them; these columns stand behind those of the input.",
    columns: &[
        Column::number(
            PROBA_COLUMN,
            "Calibrated probability that a coder would find the frame, in [0, 1] with six decimals; empty where the \
             text is.",
        )
        .or_empty(),
        Column::text(
            "predicted",
            "The frames whose probability reaches their threshold, joined by ';', or none; empty where the text is.",
        )
        .or_empty(),
    ],
};

/// What `sample` appends to the rows that it draws.
pub const TO_CODE: TableSchema = TableSchema {
    name: "to_code",
    verbs: &["sample"],
    about: "the rows that sample draws; these columns stand behind those of the input, without a model's scores.",
    columns: &[
        Column::text(
            "labels",
            "For the coder to fill in, empty until then: frames joined by ';', or none; the column is not added where the rows have one of codes.",
        )
        .or_empty(),
        Column::number("pi", "Probability with which the row was drawn, above 0 and at most 1."),
    ],
};

/// What a draw is expected to buy.
pub const FORECAST: TableSchema = TableSchema {
    name: "forecast",
    verbs: &["sample"],
    about: "an outlet, frame and estimator a row: what the draw is expected to buy, from sample --format csv.",
    columns: &[
        Column::text("outlet", "The outlet."),
        Column::text("frame", "The frame."),
        Column::text("estimator", "coded (coding alone) or corrected (predictions mended by the coded rows)."),
        Column::number("share", "Expected share of the outlet's rows with the frame, in [0, 1]."),
        Column::integer("n_rows", "Rows of the outlet that could be drawn."),
        Column::integer("n_articles", "Their articles."),
        Column::integer("n_drawn", "Rows drawn."),
        Column::integer("n_drawn_articles", "Their articles."),
        Column::number(
            "half_width",
            "Expected half-width of the interval, as a share; empty where there would be none.",
        )
        .or_empty(),
        LEVEL,
        Column::number("wanted_half_width", "What --half-width asks for, as a share; empty without it.").or_empty(),
        Column::number(
            "n_needed",
            "Rows, or with --whole-articles articles, to draw for it; empty without --half-width, and where all there \
             are would not be enough.",
        )
        .or_empty(),
    ],
};

/// Scores of a model.
pub const EVALUATION: TableSchema = TableSchema {
    name: "evaluation",
    verbs: &["train", "evaluate"],
    about: "a metric a row, from train and evaluate --format csv; what is undefined has no row.",
    columns: &[
        Column::text(
            "scope",
            "frame, macro or micro (averages of frames), outlet, outlet_macro, or holding_out_ and what other folds \
             hold out.",
        ),
        Column::text("outlet", "The outlet; empty outside the scopes outlet and outlet_macro.").or_empty(),
        Column::text("frame", "The frame; empty for averages.").or_empty(),
        Column::text("metric", "The metric, such as precision, f1, average_precision or calibration_in_the_large."),
        Column::number(
            "estimate",
            "Its value: in [0, 1], but for mcc and calibration_in_the_large in [−1, 1], and log_loss from 0.",
        ),
        Column::number("low", "Lower bound of the interval; empty where there is none.").or_empty(),
        Column::number("high", "Upper bound of the interval; empty where there is none.").or_empty(),
        LEVEL,
        Column::integer("n", "Rows that the metric rests on."),
        Column::integer("n_clusters", "Their articles, or rows where none are named, which were resampled."),
    ],
};

/// A student beside its teacher.
pub const DISTILLATION: TableSchema = TableSchema {
    name: "distillation",
    verbs: &["distill"],
    about: "a metric of a model a row, from distill --format csv; what is undefined has no row.",
    columns: &[
        Column::text(
            "scope",
            "gold (coded rows learned from that the teacher had not seen, out of fold; where it had seen all, all, as each was scored in its \
             training), test (coded rows kept apart), or agreement with the teacher on rows that nobody coded.",
        ),
        Column::text("model", "teacher, student, or ngrams, trained on the coded rows alone."),
        Column::text("frame", "The frame; empty for averages.").or_empty(),
        Column::text(
            "metric",
            "As in evaluation; in the scope agreement, agreement (share decided alike), alpha (Krippendorff's) or mean_difference (of \
             probabilities).",
        ),
        Column::number(
            "estimate",
            "Its value: in [0, 1], but for alpha, mcc and calibration_in_the_large in [−1, 1], and log_loss from 0.",
        ),
        Column::number("low", "Lower bound of the interval; empty where there is none.").or_empty(),
        Column::number("high", "Upper bound of the interval; empty where there is none.").or_empty(),
        LEVEL,
        Column::integer("n", "Rows that the metric rests on."),
        Column::integer("n_clusters", "Their articles, or rows where none are named, which were resampled."),
    ],
};

/// How far coders agree.
pub const AGREEMENT: TableSchema = TableSchema {
    name: "agreement",
    verbs: &["agree"],
    about: "a number a row, from agree --format csv; what is undefined has no row.",
    columns: &[
        Column::text("scope", "all coders, pair of coders, coder alone, or model among the coders."),
        Column::text(
            "coder_a",
            "The first coder, or in the scope model the model; empty in the scope all, and for the mean of the coders \
             beside the model's.",
        )
        .or_empty(),
        Column::text("coder_b", "The second coder; empty where there is no pair.").or_empty(),
        Column::text("frame", "The frame, or none; empty for label sets as wholes.").or_empty(),
        Column::text(
            "measure",
            "alpha, alpha_masi (of label sets), agreement (share of units coded alike), share (of units with the \
             frame), and beside a model mean_ of alphas, and mean_ with _difference.",
        ),
        Column::number("estimate", "Its value: shares in [0, 1], alphas at most 1, their differences in [−2, 2]."),
        Column::number("low", "Lower bound of the interval; empty where there is none.").or_empty(),
        Column::number("high", "Upper bound of the interval; empty where there is none.").or_empty(),
        LEVEL,
        Column::integer("n_units", "Units that it rests on."),
        Column::integer("n_clusters", "Their articles, or units where none are named, which were resampled."),
    ],
};

/// Shares of outlets.
pub const SHARES: TableSchema = TableSchema {
    name: "shares",
    verbs: &["compare", "study"],
    about: "an outlet, frame, voice and estimator a row, in shares.csv and from compare and study --format csv.",
    columns: &[
        Column::text("outlet", "The outlet."),
        Column::text("frame", "The frame."),
        Column::text("voice", "One of the voices of the rows, or all."),
        Column::text(
            "estimator",
            "counted (what the model predicts, uncorrected), coded (coded rows alone) or corrected (predictions of all \
             rows, mended by the coded ones).",
        ),
        Column::number("estimate", "Share of the outlet's sentences with the frame, in [0, 1]."),
        Column::number("low", "Lower bound of its interval; empty where the rows support none.").or_empty(),
        Column::number("high", "Upper bound of its interval; empty where the rows support none.").or_empty(),
        LEVEL,
        Column::integer("n_sentences", "Sentences of the outlet in this voice."),
        Column::integer("n_articles", "Their articles."),
        Column::integer("n_coded", "Those of the sentences that are coded for the frame."),
        Column::number(
            "effective_n",
            "Coded sentences that coding alone would need for the same variance; empty for counted shares.",
        )
        .or_empty(),
    ],
};

/// Differences between outlets.
pub const DIFFERENCES: TableSchema = TableSchema {
    name: "differences",
    verbs: &["compare", "study"],
    about: "two outlets, a frame, voice and estimator a row, in differences.csv of compare and study.",
    columns: &[
        Column::text("outlet_a", "The first outlet."),
        Column::text("outlet_b", "The second outlet."),
        Column::text("frame", "The frame."),
        Column::text("voice", "One of the voices of the rows, or all."),
        Column::text(
            "estimator",
            "counted, coded or corrected, as in shares, or counted_within_stories or corrected_within_stories: the \
             mean difference inside the stories that both tell.",
        ),
        Column::number("estimate", "Share of outlet_a minus share of outlet_b, in [−1, 1]."),
        Column::number("low", "Lower bound of its interval; empty where the rows support none.").or_empty(),
        Column::number("high", "Upper bound of its interval; empty where the rows support none.").or_empty(),
        Column::number("p", "Two-sided p-value of no difference, in [0, 1]; empty where there is no interval.")
            .or_empty(),
        Column::number(
            "p_adjusted",
            "The same, adjusted within all pairs and frames of its estimator and voice; empty where there is no \
             interval.",
        )
        .or_empty(),
        Column::integer("n_stories", "Stories that both tell; 0 for estimators that do not look within stories."),
    ],
};

/// Rows of a study with their predictions out of fold.
pub const STUDY_PREDICTIONS: TableSchema = TableSchema {
    name: "study_predictions",
    verbs: &["study"],
    about: "the rows of a study in their order, with predictions by models that had not seen them, in predictions.csv.",
    columns: &[
        Column::text("id", "The row, by its id, or by its file and line."),
        Column::text("text", "The sentence."),
        Column::text("outlet", "The outlet; empty where the row names none.").or_empty(),
        Column::text("doc_id", "The article; empty where the row names none.").or_empty(),
        Column::text("story_id", "The story; empty where the row names none.").or_empty(),
        Column::text("voice", "Whose voice it is; empty where the row does not say.").or_empty(),
        Column::text("wire_id", "Shared by rows with the same wire copy; empty for all others.").or_empty(),
        Column::text("labels", "The coded frames joined by ';', or none; empty where a frame is not coded.").or_empty(),
        Column::number(
            "pi",
            "Probability with which the row was drawn to be coded, above 0 and at most 1; empty where the row does not \
             say.",
        )
        .or_empty(),
        Column::number(
            PROBA_COLUMN,
            "Calibrated probability that a coder would find the frame, in [0, 1] with six decimals.",
        ),
        Column::text("predicted", "The frames whose probability reaches their threshold, joined by ';', or none."),
    ],
};

/// What each word contributes.
pub const EXPLANATIONS: TableSchema = TableSchema {
    name: "explanations",
    verbs: &["explain"],
    about: "a sentence, frame and token a row, from explain --format csv; each frame begins with its intercept, and with an \
            encoder the remainder.",
    columns: &[
        Column::text("id", "The sentence, by its id or else its line; empty with --text.").or_empty(),
        Column::text("frame", "The frame."),
        Column::number("proba", "Calibrated probability of the frame, in [0, 1]."),
        Column::integer("predicted", "1 where it reaches the frame's threshold, else 0."),
        Column::text("token", "The token as it stands in the text, or (intercept) or (remainder)."),
        Column::integer(
            "start",
            "Where the token begins in the text, in bytes from 0; 0 for the intercept and the remainder.",
        ),
        Column::integer("end", "Where it ends: the byte behind its last; 0 for the intercept and the remainder."),
        Column::number("word", "What the word's own weight adds to the logit."),
        Column::number("pairs", "What half of each pair with a neighbour adds."),
        Column::number("subwords", "What the subwords inside the word add."),
        Column::number(
            "contribution",
            "The three together, and context where there is that column; those of a frame sum to the logit of proba.",
        ),
        Column::integer("name", "1 where the token was read as the one word that stands for names, else 0."),
        Column::number(
            CONTEXT_COLUMN,
            "Only with an encoder, and approximate: what its part of the logit loses without the token, or what no token \
             accounts for, in the row (remainder).",
        ),
    ],
};

/// The features of a model.
pub const FEATURES: TableSchema = TableSchema {
    name: "features",
    verbs: &["inspect"],
    about: "a frame and feature a row, from inspect --format csv.",
    columns: &[
        Column::text("frame", "The frame."),
        Column::text("kind", "word, pair or subword."),
        Column::text("feature", "The word, two words joined by a space, or the characters with their padding."),
        Column::number("idf", "Inverse document frequency among the training rows, 1 or more."),
        Column::number("weight", "Weight in the logit of the frame."),
    ],
};

/// These tables.
pub const SCHEMA: TableSchema = TableSchema {
    name: "schema",
    verbs: &["schema"],
    about: "a column of a table a row, from schema --format csv.",
    columns: &[
        Column::text("table", "The table."),
        Column::text("column", "The column's name; p_<frame> stands for one column a frame, in the model's order."),
        Column::text("type", "text, integer, or number, which always has a decimal point or an exponent."),
        Column::text("can_be_empty", "yes or no: whether a cell may be without anything."),
        Column::text("meaning", "What it says."),
    ],
};
