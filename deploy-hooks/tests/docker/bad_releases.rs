//! Releases that must not get traffic, or must lose it again.

use crate::world::World;

/// A configuration with which the server ends at once, a verification that is red, another image under the same name of a
/// colour, and a gate that has closed: blue keeps the traffic, and nothing else is left.
pub(super) fn bad_releases() {
    let world = &World::start();
    assert_eq!(world.deploy().0, Some(0));
    let (good_config, good_deployment) = (world.read("livekit.yaml"), world.read("deployment.yaml"));
    let blue = || assert_eq!(world.there(), (vec!["blue".to_owned()], "blue".to_owned()));

    world.put("livekit.yaml", &good_config.replace("node_ip:", "node_ipp:"));
    let (code, said) = world.deploy();
    assert_eq!(code, Some(7), "{said}");
    assert!(said.contains("start") && !said.contains("switch       begun"), "{said}");
    blue();

    world.put("livekit.yaml", &good_config);
    world.put(
        "deployment.yaml",
        &good_deployment.replacen("u.urlopen(os.environ['LIVEKIT_URL']", "u.urlopen('http://127.0.0.1:9'", 1),
    );
    let (code, said) = world.deploy();
    assert_eq!(code, Some(7), "{said}");
    assert!(said.contains("verify") && !said.contains("switch       begun"), "{said}");
    blue();

    // Red after the switch: traffic is taken back, and blue is verified.
    let watched = format!("u.urlopen('http://127.0.0.1:{}/'", world.balancer);
    world.put("deployment.yaml", &good_deployment.replacen(&watched, "u.urlopen('http://127.0.0.1:9'", 1));
    let (code, said) = world.deploy();
    assert_eq!(code, Some(7), "{said}");
    assert!(said.contains("switch       done") && said.contains("verify_back  done"), "{said}");
    blue();

    world.put("deployment.yaml", &good_deployment);
    world.put("report.json", &world.read("report.json").replace("\"seed\":7", "\"seed\":8"));
    let (code, said) = world.deploy();
    assert_eq!(code, Some(5), "{said}");
    blue();
}
