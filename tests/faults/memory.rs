//! Memory that does not grow with rows, held to a limit by the system.

use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::process::{Command, Stdio};

use super::support::{Folder, command};

const N_ROWS: usize = 2_000_000;

/// `predict` of what comes from stdin, with no more than `n_kilobytes` of addresses.
fn limited(folder: &Folder, n_kilobytes: usize) -> Command {
    let predict = command(&folder.path(""), &["predict", "-", "--threads", "2", "-q"]);
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("ulimit -v {n_kilobytes} && exec \"$0\" \"$@\""));
    shell.arg(predict.get_program()).args(predict.get_args());
    shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    shell
}

#[test]
fn two_million_rows_go_through_256_megabytes() {
    let folder = Folder::new();
    let mut child = limited(&folder, 256 * 1024).spawn().unwrap();
    let stdin = child.stdin.take().unwrap();
    // Each row is made when there is room for it in the pipe, and none is kept on either side.
    let feeder = std::thread::spawn(move || {
        let mut stdin = BufWriter::new(stdin);
        stdin.write_all(b"id,text\n").unwrap();
        for i in 0..N_ROWS {
            // A word of its own in every row: what is remembered of words must be bounded too.
            writeln!(stdin, "{i},The envoy of Norvia{i} agreed to new talks.").unwrap();
        }
        stdin.flush().unwrap();
    });
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let (mut line, mut n_lines) = (String::new(), 0);
    while stdout.read_line(&mut line).unwrap() > 0 {
        if n_lines > 0 {
            assert!(line.starts_with(&format!("{},The envoy", n_lines - 1)), "row {n_lines} is {line}");
        }
        n_lines += 1;
        line.clear();
    }
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success(), "{}", output.status);
    feeder.join().unwrap();
    assert_eq!(n_lines, 1 + N_ROWS);
}

#[test]
fn the_limit_of_memory_is_one() {
    let folder = Folder::new();
    let child = limited(&folder, 16 * 1024).spawn().unwrap();
    assert!(!child.wait_with_output().unwrap().status.success(), "the system does not hold processes to `ulimit -v`");
}
