# What is here.
default:
    @just --list

# Format, lints, tests and docs: what must pass before a change goes in.
check:
    cargo fmt --check
    cargo clippy --all-targets --all-features -- -D warnings
    cargo test
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --all-features

# The tests, or those whose name holds a word: `just test tokens`.
test *ARGS:
    cargo test {{ARGS}}

# The benches, or one of them: `just bench --bench score`.
bench *ARGS="--bench '*'":
    cargo bench {{ARGS}}

# framescope beside scikit-learn and fastText, as a markdown table: `just bench-peers ROWS.csv`; `just bench-peers --help`.
bench-peers *ARGS:
    python3 benches/peers/run.py {{ARGS}}

# The program's work in instructions, against benches/instructions.json; `just instructions --update` writes them anew.
instructions *ARGS:
    cargo build --release
    python3 tests/python/instructions.py {{ARGS}}

# Rewrite the outputs in the README's console blocks and in tests/cli, then show what moved.
snap:
    TRYCMD=overwrite cargo test --test readme
    git diff --stat

# Make the bundled model anew (half an hour): `just reproduce FOLDER/all-MiniLM-L6-v2 news_200k.csv`; models/README.md says where both are from.
reproduce ENCODER ROWS:
    cargo run --release --features encoder -- train labels/framing-en.csv --split teach --group story_id --names mask --folds 3 --epochs 3 \
        --fine-tune --encoder {{ENCODER}} --checkpoints target/teacher.checkpoints -o target/teacher.safetensors
    cargo run --release --features encoder -- distill --teacher target/teacher.safetensors --unlabelled {{ROWS}} \
        --gold labels/framing-en.csv --group story_id --names mask --max-features 85000 --folds 3 --alpha 3,1,0.3,0.1 \
        --license 'Apache-2.0, as Article-Bias-Prediction' -o models/framing-en.safetensors

# Run the example notebook in a new environment; `just notebook --keep FOLDER` keeps what it makes.
notebook *ARGS:
    python3 examples/notebook/run.py {{ARGS}}
