//! A small configuration in Go with every form that the generator reads, and what it must make of it.

use super::environment::variables;
use super::keys::{Default, keys};
use super::modules::{Modules, SERVER};
use super::resolve::{Scope, World};
use std::fs;
use std::path::Path;

const CONFIG: &str = r#"package config

import (
	"time"

	"github.com/livekit/livekit-server/pkg/sfu"
)

const factor = 3

type Level string

type Shared struct {
	Address string `yaml:"address,omitempty"`
}

type Inner struct {
	Shared `yaml:",inline"`
	Wait   time.Duration `yaml:"wait,omitempty"`
	Strict *bool         `yaml:"strict,omitempty"`
	hidden int
	Never  int `yaml:"-"`
	Plain  int
}

type Config struct {
	Port   uint32           `yaml:"port,omitempty"`
	Inner  Inner            `yaml:"inner,omitempty"`
	Levels map[string]Level `yaml:"levels,omitempty"`
	Waits  []time.Duration  `yaml:"waits,omitempty"`
	Track  sfu.Track        `yaml:"track,omitempty"`
	Range  PortRange        `yaml:"range,omitempty"`
	Name   Level            `yaml:"name,omitempty"`
	Size   int              `yaml:"size,omitempty"`
	One    string           `yaml:"one,omitempty"`
	Two    string           `yaml:"two,omitempty"`
	Rank   string           `yaml:"rank,omitempty"`
}

type PortRange struct {
	Start int `yaml:"start,omitempty"`
}

func (r *PortRange) UnmarshalYAML(value *yaml.Node) error { return nil }

func computed() int {
	size := 5
	return size
}

var DefaultConfig = Config{
	Port: 7_880,
	Inner: Inner{
		Shared: Shared{Address: "a:1"},
		Wait:   factor * 500 * time.Millisecond,
	},
	Waits: []time.Duration{10 * time.Second, time.Minute},
	Track: sfu.DefaultTrack,
	Name:  Level(sfu.Best),
	Size:  computed(),
	One:   sfu.KindOne.String(),
	Two:   sfu.KindTwo.String(),
	Rank:  sfu.KindOne.Rank(),
}

func GenerateCLIFlags() {
	switch kind {
	case reflect.Bool:
		flag = &cli.BoolFlag{Name: name}
	case reflect.Int, reflect.Int64, reflect.Uint32, reflect.Float64:
		flag = &cli.IntFlag{Name: name, EnvVars: []string{envVar}}
	case reflect.String:
		flag = &cli.StringFlag{Name: name, Sources: cli.EnvVars(envVar)}
	}
}
"#;

const TRACK: &str = r#"package sfu

type Kind int

const (
	KindOne Kind = iota
	KindTwo
)

const Best = "best"

type Track struct {
	Ratio float64 `yaml:"ratio,omitempty"`
}

var DefaultTrack = Track{
	Ratio: -0.6,
}

func (k Kind) String() string {
	switch k {
	case KindOne:
		return "one"
	default:
		return "other"
	}
}

func (k Kind) Rank() string {
	switch other {
	case KindOne:
		return "first"
	}
	return "last"
}
"#;

const MAIN: &str = r#"package main

var baseFlags = []cli.Flag{
	&cli.StringFlag{
		Name:    "node-ip",
		EnvVars: []string{"NODE_IP"},
	},
	&cli.StringFlag{
		Name:    "name",
		Sources: cli.EnvVars("LIVEKIT_NAME"),
	},
}

var flagsOfACommand = []cli.Flag{
	&cli.StringFlag{Name: "size", EnvVars: []string{"NOT_THE_SERVER"}},
}
"#;

fn world(folder: &Path) -> World {
    for (path, text) in [("pkg/config/config.go", CONFIG), ("pkg/sfu/track.go", TRACK), ("cmd/server/main.go", MAIN)] {
        let file = folder.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    World::new(Modules::local(SERVER, "v1.0.0", folder))
}

#[test]
fn keys_kinds_defaults_and_places() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = world(folder.path());
    let package = world.package(&format!("{SERVER}/pkg/config")).unwrap().unwrap();
    let config = world.declared(package.clone(), "Config").unwrap();
    let defaults = world.value_of(package, "DefaultConfig", &config).unwrap().unwrap();
    let found = keys(&config, &defaults).unwrap();
    let rows: Vec<String> = found
        .iter()
        .map(|(path, key)| match &key.default {
            Default::Unstated => format!("{path} {}", key.kind),
            Default::Stated(text, at) => format!("{path} {} = {text} at {at}", key.kind),
            Default::Computed(words, _) => format!("{path} {} by {words}", key.kind),
        })
        .collect();
    assert_eq!(
        rows,
        [
            "inner section",
            "inner.address string = a:1 at livekit-server v1.0.0 pkg/config/config.go:54",
            "inner.plain int",
            "inner.strict bool",
            "inner.wait duration = 1.5s at livekit-server v1.0.0 pkg/config/config.go:55",
            "levels map",
            "levels.* string",
            "name string = best at livekit-server v1.0.0 pkg/sfu/track.go:10",
            "one string = one at livekit-server v1.0.0 pkg/sfu/track.go:23",
            "port uint = 7880 at livekit-server v1.0.0 pkg/config/config.go:52",
            "range port_range",
            // That switch is over something else.
            "rank string by sfu.KindOne.Rank()",
            "size int by computed()",
            "track section",
            "track.ratio float = -0.6 at livekit-server v1.0.0 pkg/sfu/track.go:17",
            // This one is in no case of its switch, and is not guessed.
            "two string by sfu.KindTwo.String()",
            "waits list = [10s, 1m0s] at livekit-server v1.0.0 pkg/config/config.go:57",
            "waits[] duration",
        ]
    );
    assert_eq!(found["inner.wait"].source, "livekit-server v1.0.0 pkg/config/config.go:19");
}

#[test]
fn variables_of_flags_and_of_keys_whose_kind_has_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = world(folder.path());
    let package = world.package(&format!("{SERVER}/pkg/config")).unwrap().unwrap();
    let config = world.declared(package.clone(), "Config").unwrap();
    let found = variables(&mut world, &config, &Scope { package, file: 0 }).unwrap();
    let names: Vec<_> = found.iter().map(|found| format!("{} {} {}", found.name, found.kind, found.key)).collect();
    assert_eq!(
        names,
        [
            // A bool reads no variable in this version, and what has no tag is not reached.
            "LIVEKIT_INNER_ADDRESS string inner.address",
            "LIVEKIT_INNER_WAIT duration inner.wait",
            "LIVEKIT_NAME string name",
            "LIVEKIT_ONE string one",
            "LIVEKIT_PORT uint port",
            "LIVEKIT_RANGE_START int range.start",
            "LIVEKIT_RANK string rank",
            "LIVEKIT_SIZE int size",
            "LIVEKIT_TRACK_RATIO float track.ratio",
            "LIVEKIT_TWO string two",
            "NODE_IP string node-ip",
        ]
    );
}
