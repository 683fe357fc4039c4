//! Archives under attack: whatever is done to one, nothing of it is believed.

use super::archive::Opened;
use super::files::Files;
use super::part::Part as _;
use super::site::Site;
use super::sum::Sum;
use super::writer::Writer;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

const SECRET: &str = "a-secret-that-is-never-in-clear-text";

struct Packed {
    folder: tempfile::TempDir,
    identity: age::x25519::Identity,
}

impl Packed {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let packed = Self { folder, identity: age::x25519::Identity::generate() };
        fs::create_dir_all(packed.path("there/within")).expect("made");
        fs::write(packed.path("there/within/a.env"), format!("LIVEKIT_API_SECRET={SECRET}\n")).expect("written");
        fs::write(packed.path("there/empty"), "").expect("written");
        std::os::unix::fs::symlink("within/a.env", packed.path("there/link")).expect("linked");
        fs::hard_link(packed.path("there/empty"), packed.path("there/same")).expect("linked");
        let out = File::create(packed.path("archive")).expect("made");
        let mut writer = Writer::new(Box::new(out), &[packed.identity.to_public()]).expect("begun");
        let site = Site::nowhere().expect("a site");
        let files = Files { site: &site, name: "files", roots: vec![packed.path("there")] };
        let kept = files.keep(&mut writer).expect("kept");
        writer.finish().expect("ended");
        assert_eq!((kept.entries, kept.passed_over.len()), (6, 0));
        packed
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Nothing is ever handed out for a file of which the list says nothing.
    fn read(&self, archive: &Path) -> Result<super::entry::Contents, String> {
        // As it is, and not as it was: whatever is wrong with it must be seen without its sum too.
        let signed = &super::sum::sum(archive).expect("read");
        Opened { file: archive, identity: &self.identity, signed }.files(|_| Ok(()), |_, _| Ok(None))
    }

    fn with(&self, bytes: &[u8]) -> Result<super::entry::Contents, String> {
        fs::write(self.path("changed"), bytes).expect("written");
        self.read(&self.path("changed"))
    }
}

#[test]
fn a_list_that_nobody_would_read_is_not_written() {
    let out = || Box::new(tempfile::tempfile().expect("a file"));
    let to = age::x25519::Identity::generate().to_public();
    for (bytes_max, is_written) in [(4, false), (5, true)] {
        let mut writer = Writer::new(out(), std::slice::from_ref(&to)).expect("begun");
        // As JSON, `"abc"`: five bytes.
        let written = writer.json("list", &"abc", bytes_max).map_err(|error| error.to_string());
        assert_eq!(written.is_ok(), is_written, "{written:?}");
        assert!(is_written || written.is_err_and(|error| error.contains("has 5 bytes")));
    }
}

#[test]
fn an_archive_comes_back_as_it_was() {
    let packed = Packed::new();
    let contents = packed.read(&packed.path("archive")).expect("read");
    let names: Vec<&str> = contents.entries.iter().map(|entry| entry.path.as_str()).collect();
    assert_eq!(names, ["", "empty", "link", "same", "within", "within/a.env"]);
    let bytes = fs::read(packed.path("archive")).expect("there");
    assert!(!bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()));
    let stranger = age::x25519::Identity::generate();
    let opened =
        Opened { file: &packed.path("archive"), identity: &stranger, signed: &Sum { bytes: 0, blake3: String::new() } };
    let refused = opened.files(|_| Ok(()), |_, _| Ok(None)).expect_err("not for this one");
    assert_eq!(refused, "it was encrypted for another identity than this one");
    let exchanged = Opened { identity: &packed.identity, ..opened };
    let refused = exchanged.files(|_| Ok(()), |_, _| Ok(None)).expect_err("another one than was signed");
    assert_eq!(refused, "it is not the one that was signed");
}

#[test]
fn every_flipped_bit_and_every_cut_is_seen() {
    let packed = Packed::new();
    let bytes = fs::read(packed.path("archive")).expect("there");
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(packed.with(&changed).is_err(), "a bit of byte {at} of {}", bytes.len());
    }
    for length in 0..bytes.len() {
        assert!(packed.with(&bytes[..length]).is_err(), "cut to {length} of {}", bytes.len());
    }
    assert!(packed.with(&[&bytes[..], b"more"].concat()).is_err(), "something behind the end");
}

/// An archive of somebody who knows the recipient, with names of his own: a good tar, a good list, and ways out.
#[test]
fn a_forged_archive_leads_nowhere() {
    use std::io::Write as _;
    let packed = Packed::new();
    let forged = |entries: &[(&str, String)]| {
        let recipient = packed.identity.to_public();
        let recipients = std::iter::once(&recipient as &dyn age::Recipient);
        let out = File::create(packed.path("forged")).expect("made");
        let encrypted =
            age::Encryptor::with_recipients(recipients).expect("a recipient").wrap_output(out).expect("begun");
        let mut tar = tar::Builder::new(zstd::Encoder::new(encrypted, 3).expect("begun"));
        for (name, text) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            // Written past the crate's own care for names.
            header.as_gnu_mut().expect("gnu").name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            tar.append(&header, text.as_bytes()).expect("appended");
        }
        tar.into_inner()
            .and_then(|zstd| zstd.finish())
            .and_then(|age| age.finish())
            .and_then(|mut out| out.flush())
            .expect("ended");
        packed.read(&packed.path("forged"))
    };
    let list = |root: &str, path: &str, kind: &str| {
        let entry = |path: &str, kind: &str| {
            format!(
                r#"{{"root":0,"path":"{path}","kind":{kind},"mode":420,"uid":0,"gid":0,"modified":[0,0],"attributes":{{}}}}"#
            )
        };
        format!(r#"{{"roots":["{root}"],"entries":[{},{}]}}"#, entry("", r#""folder""#), entry(path, kind))
    };
    let sum = "3ae7d805f6789a6402acb70ad4096a85a56bf6804eaf25c0493ac697548d30b5";
    let file = format!(r#"{{"file":{{"bytes":1,"blake3":"{sum}"}}}}"#);
    let good = list("/srv/x", "a", &file);
    // As it is announced: without sums.
    let told = |list: &str| list.replace(sum, "");
    let link_out = list("/srv/x", "a", r#"{"same":{"path":"../../etc/passwd"}}"#);
    let behind_link = list("/srv/x", "a", r#"{"link":{"to":"/etc"}}"#);
    let whole = |list: &str| vec![("list.json", told(list)), ("content/1", "x".into()), ("contents.json", list.into())];
    let listed = told(&good);
    assert!(forged(&whole(&good)).is_ok(), "the control");
    for (what, entries) in [
        ("../", whole(&list("/srv/x", "../a", &file))),
        ("absolute", whole(&list("/srv/x", "/etc/a", &file))),
        ("a root that climbs", whole(&list("/srv/../etc", "a", &file))),
        ("a hard link out", whole(&link_out)),
        ("content of a link", whole(&behind_link)),
        (
            "a name of its own",
            vec![("list.json", listed.clone()), ("../../etc/a", "x".into()), ("contents.json", good.clone())],
        ),
        (
            "another list at the end",
            vec![
                ("list.json", listed.clone()),
                ("content/1", "x".into()),
                ("contents.json", list("/srv/y", "a", &file)),
            ],
        ),
        ("nothing announced", vec![("content/1", "x".into()), ("contents.json", good.clone())]),
        (
            "announced late",
            vec![("content/1", "x".into()), ("list.json", listed.clone()), ("contents.json", good.clone())],
        ),
        ("no content", vec![("list.json", listed.clone()), ("contents.json", good.clone())]),
        (
            "other content",
            vec![("list.json", listed.clone()), ("content/1", "y".into()), ("contents.json", good.clone())],
        ),
        (
            "content of nothing",
            vec![("list.json", listed.clone()), ("content/7", "x".into()), ("contents.json", good.clone())],
        ),
        (
            "content twice",
            vec![
                ("list.json", listed.clone()),
                ("content/1", "x".into()),
                ("content/1", "x".into()),
                ("contents.json", good.clone()),
            ],
        ),
        (
            "content behind the list",
            vec![("list.json", listed.clone()), ("contents.json", good.clone()), ("content/1", "x".into())],
        ),
        ("no list", vec![("list.json", listed.clone()), ("content/1", "x".into())]),
    ] {
        assert!(forged(&entries).is_err(), "{what}");
    }
}
