//! Builds the images of a staging from package registries alone.
//!
//! The server is a static Go binary on an empty base; the rest shares one Debian base made with debootstrap.
//! An image is content-addressed: its label holds the hash of its recipe, and an equal hash means nothing to do.

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

const LABEL: &str = "dev.greenlight.recipe";
/// Raised when the way of building changes and not only a recipe.
const BUILDER: &str = "1";
const DEBIAN_SUITE: &str = "bookworm";
/// The modules that our Kamailio configuration loads are all in its main package.
const DEBIAN_PACKAGES: &[&str] = &["haproxy", "redis-server", "postgresql-15", "kamailio"];
/// What a package made for a machine and not for an image: a database cluster, and a TLS key that all would share.
const DEBIAN_REMOVED: &[&str] = &[
    "var/cache/apt",
    "var/lib/apt/lists",
    "var/lib/postgresql/15",
    "etc/postgresql/15",
    "etc/ssl/private/ssl-cert-snakeoil.key",
];
const BASE: &str = "greenlight/base:bookworm";
const PATH_VARIABLE: &str = "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A static Go server on an empty base.
#[derive(Debug)]
struct GoImage {
    image: &'static str,
    module: &'static str,
    version: &'static str,
    /// Path of the binary in the image, also its entry point.
    entry: &'static str,
    /// Arguments that print the version, and what must stand in the output.
    proof: (&'static [&'static str], &'static str),
}

/// A program of the Debian base under a name of its own.
#[derive(Debug)]
struct DebianImage {
    image: &'static str,
    /// What the official image has as entry point too, so that one command fits both; empty is none.
    entry: &'static [&'static str],
    command: &'static [&'static str],
    proof: (&'static [&'static str], &'static str),
}

const GO_IMAGES: &[GoImage] = &[
    GoImage {
        image: "greenlight/livekit-server:v1.13.5",
        module: "github.com/livekit/livekit-server/cmd/server",
        version: "v1.13.5",
        entry: "/livekit-server",
        proof: (&["--version"], "livekit-server version 1.13.5"),
    },
    // An older one that is still in use: what is healthy there must not be called wrong.
    GoImage {
        image: "greenlight/livekit-server:v1.7.0",
        module: "github.com/livekit/livekit-server/cmd/server",
        version: "v1.7.0",
        entry: "/livekit-server",
        proof: (&["--version"], "livekit-server version 1.7.0"),
    },
    // A server of S3's protocol over a folder: rollback points in a bucket are tested on it.
    GoImage {
        image: "greenlight/versitygw:v1.8.0",
        module: "github.com/versity/versitygw/cmd/versitygw",
        version: "v1.8.0",
        entry: "/versitygw",
        proof: (&["--version"], "Version  :"),
    },
];

const DEBIAN_IMAGES: &[DebianImage] = &[
    DebianImage {
        image: "greenlight/redis:7.0",
        entry: &[],
        command: &["redis-server"],
        proof: (&["redis-server", "--version"], "Redis server v=7.0"),
    },
    DebianImage {
        image: "greenlight/haproxy:2.6",
        entry: &[],
        command: &["haproxy"],
        proof: (&["haproxy", "-v"], "HAProxy version 2.6"),
    },
    DebianImage {
        image: "greenlight/postgres:15",
        entry: &[],
        command: &["/usr/lib/postgresql/15/bin/postgres"],
        proof: (&["/usr/lib/postgresql/15/bin/postgres", "--version"], "postgres (PostgreSQL) 15."),
    },
    DebianImage {
        image: "greenlight/kamailio:5.6",
        // In the foreground, its log on standard error.
        entry: &["kamailio", "-DD", "-E"],
        command: &[],
        proof: (&["-v"], "version: kamailio 5.6."),
    },
];

/// Builds what is missing or outdated; with `no_cache` everything.
pub(crate) fn build(no_cache: bool) -> Result<()> {
    let started = Instant::now();
    output(Command::new("docker").args(["version", "--format", "{{.Server.Version}}"]))
        .context("no Docker engine answers; start one (for example `systemctl start docker` or `dockerd &`) and see `docker info`")?;
    let work = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/images");
    fs::create_dir_all(&work).with_context(|| format!("creating {}", work.display()))?;
    // The two kinds share nothing, and one waits for the network while the other compiles.
    let built = std::thread::scope(|scope| -> Result<usize> {
        let go = scope.spawn(|| go_images(&work, no_cache));
        let debian = debian_images(&work, no_cache);
        let go = go.join().map_err(|_| anyhow::anyhow!("the Go builder panicked"))?;
        Ok(go? + debian?)
    })?;
    let total = GO_IMAGES.len() + DEBIAN_IMAGES.len() + 1;
    eprintln!("images: {total} ready, {built} built now, {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}

fn go_images(work: &Path, no_cache: bool) -> Result<usize> {
    let mut built = 0;
    for recipe in GO_IMAGES {
        let hash = hash(&format!("{recipe:?}"));
        if !no_cache && is_current(recipe.image, &hash)? {
            eprintln!("  kept   {}", recipe.image);
            continue;
        }
        let started = Instant::now();
        eprintln!("  build  {} from {}@{}", recipe.image, recipe.module, recipe.version);
        let root = fresh(&work.join("go-root"))?;
        let bin = fresh(&work.join("go-bin"))?;
        let mut go = Command::new("go");
        go.args(["install", "-trimpath", "-ldflags=-s -w", &format!("{}@{}", recipe.module, recipe.version)])
            .env("CGO_ENABLED", "0")
            .env("GOBIN", &bin)
            .current_dir(work);
        let cache = work.join("go-cache");
        if no_cache {
            go.env("GOCACHE", fresh(&cache)?);
        }
        run(&mut go).context("building the server; is Go 1.24 or newer installed?")?;
        if no_cache {
            fs::remove_dir_all(&cache)?;
        }
        let binary = fs::read_dir(&bin)?.next().context("go install wrote no binary")??.path();
        fs::rename(&binary, root.join(recipe.entry.trim_start_matches('/')))?;
        fs::create_dir_all(root.join("tmp"))?;
        let bundle = Path::new("/etc/ssl/certs/ca-certificates.crt");
        if bundle.exists() {
            // Webhooks over https need roots; the image has no package manager to bring them.
            fs::create_dir_all(root.join("etc/ssl/certs"))?;
            fs::copy(bundle, root.join("etc/ssl/certs/ca-certificates.crt"))?;
        }
        import(&root, recipe.image, &hash, &[&format!("ENTRYPOINT [\"{}\"]", recipe.entry)])?;
        fs::remove_dir_all(&root)?;
        prove(recipe.image, recipe.proof)?;
        eprintln!("  built  {} in {:.0} s", recipe.image, started.elapsed().as_secs_f64());
        built += 1;
    }
    Ok(built)
}

fn debian_images(work: &Path, no_cache: bool) -> Result<usize> {
    let base_hash = hash(&format!("{DEBIAN_SUITE} {DEBIAN_PACKAGES:?} {DEBIAN_REMOVED:?}"));
    let mut built = 0;
    if no_cache || !is_current(BASE, &base_hash)? {
        let started = Instant::now();
        eprintln!("  build  {BASE} with {}", DEBIAN_PACKAGES.join(", "));
        let root = fresh(&work.join("debian-root"))?;
        let packages = format!("--include={}", DEBIAN_PACKAGES.join(","));
        run(Command::new("debootstrap").args(["--variant=minbase", &packages, DEBIAN_SUITE]).arg(&root))
            .context("making the Debian base; it needs root and the package debootstrap")?;
        for leftover in DEBIAN_REMOVED {
            remove(&root.join(leftover)).with_context(|| format!("removing {leftover} from the base"))?;
        }
        import(&root, BASE, &base_hash, &[PATH_VARIABLE])?;
        fs::remove_dir_all(&root)?;
        eprintln!("  built  {BASE} in {:.0} s", started.elapsed().as_secs_f64());
        built += 1;
    } else {
        eprintln!("  kept   {BASE}");
    }
    for recipe in DEBIAN_IMAGES {
        let hash = hash(&format!("{base_hash} {recipe:?}"));
        if built == 0 && is_current(recipe.image, &hash)? {
            eprintln!("  kept   {}", recipe.image);
            continue;
        }
        derive(recipe, &hash)?;
        prove(recipe.image, recipe.proof)?;
        eprintln!("  built  {}", recipe.image);
        built += 1;
    }
    Ok(built)
}

/// A derived image shares the layers of its base: an empty container of it, committed with another command.
fn derive(recipe: &DebianImage, hash: &str) -> Result<()> {
    let container = output(Command::new("docker").args(["create", BASE, "true"]))?;
    let label = format!("LABEL {LABEL}={hash}");
    // Docker reads the list as JSON, which these plain words look like in Rust's own notation.
    let (entry, command) = (format!("ENTRYPOINT {:?}", recipe.entry), format!("CMD {:?}", recipe.command));
    let committed = run(Command::new("docker")
        .args(["commit", "--change", &label, "--change", &entry, "--change", &command, container.trim(), recipe.image])
        .stdout(Stdio::null()));
    run(Command::new("docker").args(["rm", container.trim()]).stdout(Stdio::null()))?;
    committed
}

fn import(root: &Path, image: &str, hash: &str, changes: &[&str]) -> Result<()> {
    let mut tar = Command::new("tar")
        .arg("-C")
        .arg(root)
        .args(["--numeric-owner", "-c", "."])
        .stdout(Stdio::piped())
        .spawn()
        .context("running tar")?;
    let mut docker = Command::new("docker");
    docker.args(["import", "--change", &format!("LABEL {LABEL}={hash}")]);
    for change in changes {
        docker.args(["--change", change]);
    }
    docker.args(["-", image]).stdout(Stdio::null());
    docker.stdin(tar.stdout.take().context("tar has no output")?);
    let imported = run(&mut docker);
    let packed = tar.wait()?;
    imported?;
    ensure!(packed.success(), "tar of {} failed: {packed}", root.display());
    Ok(())
}

/// An image that was never started proves nothing: ask the program in it for its version.
fn prove(image: &str, (arguments, expected): (&[&str], &str)) -> Result<()> {
    let said = output(Command::new("docker").args(["run", "--rm", "--network", "none", image]).args(arguments))?;
    ensure!(said.contains(expected), "{image} says {said:?}, expected {expected:?}");
    Ok(())
}

fn is_current(image: &str, hash: &str) -> Result<bool> {
    let format = format!("{{{{index .Config.Labels \"{LABEL}\"}}}}");
    let inspected = Command::new("docker")
        .args(["image", "inspect", "--format", &format, image])
        .stderr(Stdio::null())
        .output()
        .context("running docker")?;
    Ok(inspected.status.success() && String::from_utf8_lossy(&inspected.stdout).trim() == hash)
}

fn hash(recipe: &str) -> String {
    let digest = Sha256::digest(format!("{BUILDER} {recipe}"));
    digest.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn fresh(folder: &Path) -> Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("emptying {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    Ok(folder.to_path_buf())
}

/// Empties a folder or removes a file; what is not there is an error, because then a package has changed.
fn remove(path: &Path) -> Result<()> {
    if path.is_dir() {
        fs::remove_dir_all(path)?;
        return Ok(fs::create_dir(path)?);
    }
    Ok(fs::remove_file(path)?)
}

/// Runs to the end with its output kept, and shows the tail of it only when it failed.
fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let done = command.output().with_context(|| format!("running {program}"))?;
    if !done.status.success() {
        let text = [done.stdout, done.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        bail!("{program} ended with {}:\n{}", done.status, lines[lines.len().saturating_sub(20)..].join("\n"));
    }
    Ok(())
}

fn output(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let done = command.output().with_context(|| format!("running {program}"))?;
    ensure!(
        done.status.success(),
        "{program} ended with {}: {}",
        done.status,
        String::from_utf8_lossy(&done.stderr).trim()
    );
    // Version banners go to either stream.
    Ok(String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr))
}
