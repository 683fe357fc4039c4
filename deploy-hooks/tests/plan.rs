//! Until there are hooks, calling one must stop a pipeline.

use std::process::Command;

#[test]
fn every_command_exits_2_and_says_so() {
    for arguments in [&[][..], &["gate"][..], &["deploy", "--env", "production"][..]] {
        let output = Command::new(env!("CARGO_BIN_EXE_greenlight")).args(arguments).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains("no command works yet") && said.contains("rollback"), "{said}");
    }
}
