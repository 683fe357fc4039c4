//! The operator's checks: those that wait for nobody run side by side, the others as soon as what they wait for has
//! succeeded.

use crate::failure::Failure;
use greenlight_config::Step;
use std::collections::BTreeSet;
use std::future::Future;
use tokio::task::JoinSet;

/// Runs all of them. After the first that fails nothing more is begun, and what is under way is waited for.
///
/// # Errors
/// Every failure, joined.
pub(crate) async fn run_all<F, R>(steps: &[Step], run: F) -> Result<(), Failure>
where
    F: Fn(Step) -> R,
    R: Future<Output = Result<(), Failure>> + 'static,
{
    let mut waiting: Vec<&Step> = steps.iter().collect();
    let mut done: BTreeSet<String> = BTreeSet::new();
    let mut failures: Vec<Failure> = Vec::new();
    let local = tokio::task::LocalSet::new();
    local
        .run_until(async {
            let mut running = JoinSet::new();
            loop {
                if failures.is_empty() {
                    waiting.retain(|step| {
                        let ready = step.after.iter().all(|other| done.contains(other));
                        if ready {
                            let (name, ending) = (step.name.clone(), run((*step).clone()));
                            running.spawn_local(async move { (name, ending.await) });
                        }
                        !ready
                    });
                }
                match running.join_next().await {
                    None => break,
                    Some(Ok((name, Ok(())))) => drop(done.insert(name)),
                    Some(Ok((_, Err(failure)))) => failures.push(failure),
                    Some(Err(error)) => failures.push(Failure::unknown(error)),
                }
            }
        })
        .await;
    let Some(first) = failures.first() else {
        return match waiting.is_empty() {
            true => Ok(()),
            false => Err(Failure::usage(format!("{} waits for a step that there is not", waiting[0].name))),
        };
    };
    let exit = first.exit;
    let messages: Vec<String> = failures.into_iter().map(|failure| failure.message).collect();
    Err(Failure::new(exit, messages.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::run_all;
    use crate::failure::Failure;
    use greenlight_config::Step;
    use std::cell::RefCell;
    use std::rc::Rc;
    use tokio::sync::Barrier;

    fn step(name: &str, after: &[&str]) -> Step {
        let after = after.iter().map(|other| (*other).to_owned()).collect();
        Step { name: name.into(), run: vec!["true".into()], timeout_s: 1, after }
    }

    /// Two that wait for each other at a barrier end only if both run at once.
    #[tokio::test]
    async fn steps_that_wait_for_nobody_run_side_by_side() {
        let (barrier, seen) = (Rc::new(Barrier::new(2)), Rc::new(RefCell::new(Vec::new())));
        let steps = [step("a", &[]), step("b", &[]), step("c", &["a", "b"])];
        let ended = run_all(&steps, |step| {
            let (barrier, seen) = (barrier.clone(), seen.clone());
            async move {
                if step.after.is_empty() {
                    barrier.wait().await;
                }
                seen.borrow_mut().push(step.name);
                Ok(())
            }
        });
        ended.await.expect("all succeed");
        assert_eq!(seen.borrow().last().map(String::as_str), Some("c"));
    }

    #[tokio::test]
    async fn nothing_is_begun_after_a_failure_and_every_failure_is_said() {
        let seen = Rc::new(RefCell::new(Vec::new()));
        let steps = [step("a", &[]), step("b", &[]), step("c", &["a"])];
        let ended = run_all(&steps, |step| {
            let seen = seen.clone();
            async move {
                seen.borrow_mut().push(step.name.clone());
                Err(Failure::red(format!("{} is red", step.name)))
            }
        });
        let message = ended.await.expect_err("red").message;
        assert!(message.contains("a is red") && message.contains("b is red"), "{message}");
        assert!(!seen.borrow().contains(&"c".to_owned()));
    }
}
