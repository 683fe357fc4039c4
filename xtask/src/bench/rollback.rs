//! Rollback points beside what people use: a pipe of tar, zstd and age with pg_dump, and restic.

use super::command::Effort;
use super::measure::{Cost, Line, run, run_watched};
use super::page::{Goal, Limit, Section, figure};
use super::peers::{self, emptied};
use super::programs::{greenlight, write};
use super::stats::{abba, median, spread};
use crate::docker::docker;
use anyhow::{Context as _, Result};
use std::collections::BTreeMap;
use std::path::PathBuf;

const POSTGRES: &str = "greenlight/postgres:15";
/// A cluster without durability, which nobody but this machine reaches: what is measured is not its disk.
const CLUSTER: &str = "b=/usr/lib/postgresql/15/bin; d=/var/lib/postgresql/bench; install -d -o postgres -g postgres -m 0700 $d /var/run/postgresql; \
    setpriv --reuid postgres --regid postgres --init-groups $b/initdb --pgdata $d --auth trust --encoding UTF8 --locale C --no-sync >/dev/null; \
    exec setpriv --reuid postgres --regid postgres --init-groups $b/postgres -D $d -c listen_addresses=127.0.0.1 -c fsync=off -c shared_buffers=128MB -c max_wal_size=1GB";
/// Files of three kinds: text, what does not compress, and many small ones. The same bytes each time.
const FILES: &str = r#"
noise() { head -c "$2" /dev/zero | openssl enc -aes-128-ctr -pass pass:"$1" -nosalt -pbkdf2 -iter 1; }
mkdir -p files/text files/noise files/small
for i in $(seq 8); do noise "t$i" $((MIB * 1048576 * 3 / 64)) | base64 | sed 's/[A-M]/livekit /g' >files/text/$i.log; truncate -s $((MIB * 1048576 / 16)) files/text/$i.log; done
for i in $(seq 8); do noise "n$i" $((MIB * 1048576 / 20)) >files/noise/$i.bin; done
for i in $(seq $((MIB * 2))); do noise "s$i" 50000 >files/small/$i.dat; done
"#;
/// One file in a hundred, by size.
const CHANGE: &str = r#"for i in $(seq $((MIB / 5))); do date +%N >>files/small/$i.dat; done"#;

/// Where everything of it is.
struct World {
    folder: PathBuf,
    container: String,
    greenlight: String,
    mib: u32,
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = docker(&["rm", "-f", "-v", &self.container]);
    }
}

/// What is done, in this order in each round.
const DEEDS: [&str; 4] = ["first create", "second create, 1 % changed", "full verify", "restore"];
const WHO: [&str; 3] = ["greenlight", "tar | zstd -3 -T2 | age, pg_dump", "restic"];

/// Runs the contest.
pub(super) fn section(effort: &Effort) -> Result<Section> {
    docker(&["version", "--format", "{{.Server.Version}}"]).context("no container engine answers")?;
    let restic = peers::debian("restic", &["version"])?;
    let age = peers::debian("age", &["--version"])?;
    let zstd = peers::debian("zstd", &["-q", "-V"])?;
    let world = World::new(effort)?;
    let mut costs: BTreeMap<(usize, usize), Vec<Cost>> = BTreeMap::new();
    for (round, order) in abba(WHO.len(), effort.rounds).into_iter().enumerate() {
        for who in order {
            world.shell("rm -rf store repo pipe out; mkdir pipe out")?;
            for (deed, name) in DEEDS.iter().enumerate() {
                if deed == 1 {
                    world.shell(CHANGE)?;
                }
                for line in world.before(who, deed) {
                    world.shell(&line)?;
                }
                let cost = run_watched(&world.line(&world.deed(who, deed)), who == 0)
                    .with_context(|| format!("{}: {name}", WHO[who]))?;
                eprintln!("bench    round {} {:<34} {name:<28} {:>7.2} s", round + 1, WHO[who], cost.wall_s);
                costs.entry((who, deed)).or_default().push(cost);
            }
        }
    }
    let renames = world.renames(effort.rounds)?;
    Ok(written(&world, &costs, &renames, [restic, age, zstd]))
}

impl World {
    fn new(effort: &Effort) -> Result<Self> {
        let (mib, scale) = if effort.quick { (32, 1) } else { (1024, 20) };
        let world = Self {
            folder: emptied("rollback")?,
            container: format!("glbench-{}-postgres", std::process::id()),
            greenlight: greenlight(!effort.quick)?,
            mib,
        };
        eprintln!("bench    making {mib} MiB of files and a pgbench database of scale {scale}");
        world.shell(FILES)?;
        docker(&["run", "-d", "--name", &world.container, POSTGRES, "sh", "-c", CLUSTER])?;
        let pg = world.pg();
        world.shell(&format!("for i in $(seq 300); do {pg}/psql -h 127.0.0.1 -U postgres -c 'select 1' >/dev/null 2>&1 && exit 0; sleep 0.1; done; exit 1"))
            .context("Postgres does not answer")?;
        world.shell(&format!("{pg}/createdb -U postgres bench && {pg}/pgbench -U postgres -i -q -s {scale} bench"))?;
        world.shell(&format!(
            "age-keygen -o key.txt 2>/dev/null && {} keygen --out sign && echo bench >password",
            world.greenlight
        ))?;
        let recipient = run(&world.line("age-keygen -y key.txt"))?.stdout.trim().to_owned();
        write(&world.folder, "recipient", &recipient)?;
        write(&world.folder, "deployment.yaml", &world.deployment(&recipient, false))?;
        write(&world.folder, "copy.yaml", &world.deployment(&recipient, true))?;
        Ok(world)
    }

    /// Only what a point needs is used of it.
    fn deployment(&self, recipient: &str, keep_copy: bool) -> String {
        format!(
            "format: 1\nkeys: [sign.pub.pem]\nstate: state\nenvironments:\n  bench:\n    gate: {{report: none.json, required: [api.a], age_max_s: 60}}\n    \
             artefact: {{image: \"{POSTGRES}\"}}\n    rollback:\n      store: store\n      recipients: [{recipient}]\n      files: [files]\n      \
             database: {{name: bench, user: postgres, container: {}, keep_copy: {keep_copy}}}\n",
            self.container
        )
    }

    fn pg(&self) -> String {
        format!("docker exec -i {} /usr/lib/postgresql/15/bin", self.container)
    }

    fn line(&self, shell: &str) -> Line {
        Line::new(["bash", "-euo", "pipefail", "-c", shell])
            .folder(&self.folder)
            .env("MIB", &self.mib.to_string())
            .env("RESTIC_PASSWORD_FILE", "password")
            .env("RESTIC_CACHE_DIR", "repo-cache")
    }

    fn shell(&self, shell: &str) -> Result<Cost> {
        run(&self.line(shell))
    }

    /// What is not measured: an empty database to restore into, the repository that restic wants.
    fn before(&self, who: usize, deed: usize) -> Vec<String> {
        let pg = self.pg();
        let fresh = format!("{pg}/dropdb -U postgres --if-exists fresh && {pg}/createdb -U postgres fresh");
        match (who, deed) {
            (2, 0) => vec!["rm -rf repo-cache; restic init -q --repo repo".to_owned()],
            (1 | 2, 3) => vec![fresh],
            _ => vec![],
        }
    }

    fn deed(&self, who: usize, deed: usize) -> String {
        let (pg, ours) = (self.pg(), &self.greenlight);
        let dump = format!("{pg}/pg_dump -U postgres -Fc -Z0 bench");
        let restore = format!("{pg}/pg_restore -U postgres -d fresh");
        let with = "--environment bench --config deployment.yaml";
        let name = if deed == 0 { "first" } else { "second" };
        match (who, deed) {
            (0, 0 | 1) => format!("{ours} rollback create {name} {with} --sign-key sign.pem"),
            (0, 2) => format!("{ours} rollback verify second {with} --key sign.pub.pem --identity key.txt"),
            (0, _) => format!("{ours} rollback run second {with} --key sign.pub.pem --identity key.txt --yes"),
            (1, 0 | 1) => format!(
                "tar c files | zstd -q -3 -T2 | age -r $(cat recipient) >pipe/{name}.files; {dump} | zstd -q -3 -T2 | age -r $(cat recipient) >pipe/{name}.db; sync -f pipe"
            ),
            (1, 2) => "for f in pipe/second.*; do age -d -i key.txt $f | zstd -q -t; done".to_owned(),
            (1, _) => format!(
                "age -d -i key.txt pipe/second.files | zstd -q -d | tar x -C out; age -d -i key.txt pipe/second.db | zstd -q -d | {restore}"
            ),
            (_, 0 | 1) => format!(
                "restic -q --repo repo backup files; {dump} | restic -q --repo repo backup --stdin --stdin-filename db"
            ),
            (_, 2) => "restic -q --repo repo check --read-data".to_owned(),
            (_, _) => format!(
                "restic -q --repo repo restore latest --path \"$PWD/files\" --target out; restic -q --repo repo dump --path /db latest /db | {restore}"
            ),
        }
    }

    /// A database that comes back by a rename of the copy that was kept, beside pg_restore of the same dump.
    fn renames(&self, rounds: usize) -> Result<[Vec<f64>; 2]> {
        let (pg, ours) = (self.pg(), &self.greenlight);
        let with = "--environment bench --config copy.yaml";
        self.shell(&format!("rm -rf store; {pg}/pg_dump -U postgres -Fc bench >db.dump"))?;
        let mut seconds = [Vec::new(), Vec::new()];
        for (round, order) in abba(2, rounds).into_iter().enumerate() {
            self.shell(&format!("{ours} rollback create copy{round} {with} --only database --sign-key sign.pem"))?;
            self.shell(&format!("{pg}/dropdb -U postgres --if-exists fresh && {pg}/createdb -U postgres fresh"))?;
            for who in order {
                let line = match who {
                    0 => format!(
                        "{ours} rollback run copy{round} {with} --only database --key sign.pub.pem --identity key.txt --yes"
                    ),
                    _ => format!("{pg}/pg_restore -U postgres -d fresh <db.dump"),
                };
                // What the one has left unwritten is not for the other to write.
                self.shell(&format!("{pg}/psql -U postgres -q -c CHECKPOINT"))?;
                seconds[who].push(self.shell(&line)?.wall_s);
            }
        }
        Ok(seconds)
    }
}

fn written(
    world: &World,
    costs: &BTreeMap<(usize, usize), Vec<Cost>>,
    renames: &[Vec<f64>; 2],
    peers: [peers::Peer; 3],
) -> Section {
    let walls = |who: usize, deed: usize| -> Vec<f64> { costs[&(who, deed)].iter().map(|cost| cost.wall_s).collect() };
    let wall = |who, deed| median(&walls(who, deed));
    let mut table = vec![["", "greenlight, s", "spread", "the pipe, s", "restic, s"].map(str::to_owned).to_vec()];
    for (deed, name) in DEEDS.iter().enumerate() {
        table.push(vec![
            (*name).to_owned(),
            figure(wall(0, deed)),
            format!("{} %", figure(100.0 * spread(&walls(0, deed)))),
            figure(wall(1, deed)),
            figure(wall(2, deed)),
        ]);
    }
    let [rename, restore] = renames.each_ref().map(|values| median(values));
    table.push(
        [
            "database, by its kept copy",
            &figure(rename),
            &format!("{} %", figure(100.0 * spread(&renames[0]))),
            &format!("{} (pg_restore)", figure(restore)),
            "–",
        ]
        .map(str::to_owned)
        .to_vec(),
    );
    let peak =
        costs.iter().filter(|((who, _), _)| *who == 0).flat_map(|(_, costs)| costs).flat_map(|cost| &cost.peaks_kib);
    let peak = peak.filter(|(name, _)| name == "greenlight").map(|(_, kib)| *kib as f64 / 1024.0).reduce(f64::max);
    let goal = |text, found, most, unit| Goal { text, found: Some(found), limit: Limit::AtMost(most), unit };
    let goals = vec![
        goal("first create beside the pipe", wall(0, 0) / wall(1, 0), 1.2, " ×"),
        goal("first create beside restic's", wall(0, 0) / wall(2, 0), 0.3, " ×"),
        goal("second create beside restic's", wall(0, 1) / wall(2, 1), 1.5, " ×"),
        goal("full verify beside age -d into zstd -t", wall(0, 2) / wall(1, 2), 1.2, " ×"),
        goal("restore beside the pipe", wall(0, 3) / wall(1, 3), 1.5, " ×"),
        goal("restore beside restic's", wall(0, 3) / wall(2, 3), 0.8, " ×"),
        goal("database by its kept copy beside pg_restore", rename / restore, 0.1, " ×"),
        Goal { text: "largest resident size", found: peak, limit: Limit::AtMost(200.0), unit: " MiB" },
    ];
    let [restic, age, zstd] = peers.map(|peer| peer.version);
    let line = |who: usize| {
        (0..DEEDS.len())
            .map(|deed| world.deed(who, deed))
            .collect::<Vec<_>>()
            .join("\n")
            .replace(&format!("{}/", super::programs::root().display()), "")
    };
    Section {
        title: "Rollback points",
        about: format!(
            "{} MiB of mixed files and a pgbench database, all read before, so that disks are not what is compared. \
             greenlight sums, signs, reads again what it has restored, and makes it lasting before and after it is exchanged; the pipe does none of that, restic sums. Before a copy or pg_restore the server writes out what it has in memory.",
            world.mib
        ),
        table,
        goals,
        commands: vec![
            [WHO[0].to_owned(), peers::ourselves(), line(0)],
            [WHO[1].to_owned(), format!("{age}, {zstd}"), line(1)],
            [WHO[2].to_owned(), restic, line(2)],
        ],
        notes: vec!["greenlight has no second archive that refers to a first one: each point is whole by itself, and a second create costs what a first one does".to_owned()],
    }
}
