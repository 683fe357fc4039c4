//! Cases that need a container engine: without one each is shown as ignored, and with `CI` set that is an error.

use anyhow::Result;
use greenlight_fixtures::Engine;
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// One of them.
pub(crate) type Case = fn(&Runtime, &Engine) -> Result<()>;

/// The `main` of such a test.
pub(crate) fn run_cases(arguments: &Arguments, cases: &[(&'static str, Case)]) -> ExitCode {
    let Ok(runtime) = Runtime::new() else {
        return ExitCode::from(101);
    };
    let runtime = Arc::new(runtime);
    let engine = match runtime.block_on(Engine::connect()) {
        _ if arguments.list => None,
        Ok(engine) => Some(engine),
        Err(missing) if std::env::var_os("CI").is_some() => {
            eprintln!("error: {missing}");
            return ExitCode::from(101);
        }
        Err(missing) => {
            eprintln!("NOTHING IS TESTED: {missing}");
            None
        }
    };
    let trial = |(name, case): &(&'static str, Case)| {
        let (case, runtime, engine) = (*case, runtime.clone(), engine.clone());
        Trial::ignorable_test(*name, move || match engine {
            None => Ok(Completion::ignored_with("no container engine answers")),
            Some(engine) => match case(&runtime, &engine) {
                Ok(()) => Ok(Completion::Completed),
                Err(error) => Err(Failed::from(format!("{error:#}"))),
            },
        })
    };
    libtest_mimic::run(arguments, cases.iter().map(trial).collect()).exit_code()
}
