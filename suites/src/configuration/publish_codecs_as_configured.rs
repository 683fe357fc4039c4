//! Every node lets participants publish Opus, and every codec that its configuration enables.
//! Browsers and phones have Opus in common: without it nobody hears anybody on that node.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "configuration.publish_codecs_as_configured",
    title: "Opus and all configured codecs can be published",
    tags: &[],
    blame: Component::Configuration,
    needs: &[Capability::Api, Capability::TwoNodes, Capability::ConfigFiles, Capability::Engine],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::CodecsWithoutOpus],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "add `mime: audio/opus` to room.enabled_codecs, or remove the list: the default has all codecs";

async fn check(ctx: &Ctx) -> Verdict {
    let mut codecs = 0;
    for configured in ctx.configured().await? {
        let Some(node) = ctx.nodes().iter().find(|node| node.name == configured.file.part) else {
            skip!("{} can't be reached directly", configured.file.part);
        };
        let session = ctx.session_on(node).await?;
        let offered: Vec<String> =
            session.join().enabled_publish_codecs.iter().map(|codec| codec.mime.to_lowercase()).collect();
        session.leave().await;
        let of_list = |path: &str| path.starts_with("room.enabled_codecs.") && path.ends_with(".mime");
        let configured =
            configured.settings().iter().filter(|(path, _)| of_list(path)).map(|(_, mime)| mime.to_lowercase());
        for wanted in std::iter::once("audio/opus".to_owned()).chain(configured) {
            if !offered.contains(&wanted) {
                let what = format!("{} lets nobody publish {wanted}", node.name);
                return Err(failed(what, offered.join(", "), format!("{wanted} among them"), FIX, None));
            }
        }
        codecs += offered.len();
    }
    ctx.pass().counted("codecs", codecs, AtLeast(ctx.nodes().len() as f64))
}
