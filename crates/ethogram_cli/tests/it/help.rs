use crate::program::run;

/// In the order that people see.
const COMMANDS: &[&str] = &[
    "serve", "ls", "info", "events", "compare", "explain", "features", "embed", "check", "compact", "video", "report",
    "push", "pull", "import",
];

#[test]
fn help_says_what_can_be_typed() {
    for command in COMMANDS.iter().copied().chain([""]) {
        let args: Vec<&str> = [command, "--help"].into_iter().filter(|arg| !arg.is_empty()).collect();
        let said = run(&args);
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{command}");
        insta::assert_snapshot!(format!("help_{}", if command.is_empty() { "ethogram" } else { command }), said.out);
    }
}

#[test]
fn what_makes_no_sense_exits_with_2_and_says_why() {
    let check = |args: &[&str], expected: &str| {
        let said = run(args);
        assert_eq!(said.code, 2, "{args:?}: {}", said.err);
        assert!(said.err.contains(expected), "{args:?}: {}", said.err);
        assert_eq!(said.out, "", "{args:?}");
    };
    check(&[], "Usage: ethogram <COMMAND>");
    check(&["server"], "unrecognized subcommand 'server'");
    check(&["serve", "--port", "70000"], "70000 is not in 0..=65535");
    check(&["serve", "--host", "example.com"], "expected an address such as 127.0.0.1, ::1 or 0.0.0.0");
    check(&["serve", "--token", "short"], "a token has 8 to 256 characters, found 5");
    check(&["ls", "--s3-endpoint", "localhost:9000"], "expected an address such as https://s3.example.org");
    check(&["serve", "--cache-bytes", "lots"], "expected a size such as 512M or 2G, found \"lots\"");
}

#[test]
fn the_version_is_that_of_the_package() {
    assert_eq!(run(&["--version"]).out, format!("ethogram {}\n", env!("CARGO_PKG_VERSION")));
}
