#![allow(clippy::unwrap_used)]
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::*;

/// A folder with small programs that say what Fabric's say, and a cache.
struct Machine {
    folder: TempDir,
    told: Mutex<Vec<String>>,
}

impl Machine {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            told: Mutex::default(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A program in one of the machine's folders.
    fn program(&self, folder: &str, name: &str, script: &str) -> PathBuf {
        let path = self.path(folder).join(name);
        fs::create_dir_all(self.path(folder)).unwrap();
        let draft = self.path("draft");
        fs::write(&draft, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&draft, fs::Permissions::from_mode(0o755)).unwrap();
        // Another process writes it: a program that is open for writing in any process cannot be run, and what this one has open
        // is open for a moment in all that other tests start.
        let _ = fs::remove_file(&path);
        let copied = Command::new("cp").arg(&draft).arg(&path).status();
        assert!(copied.unwrap().success());
        path
    }

    /// All programs of a kit, of that version; each answers to its own argument alone.
    fn kit(&self, folder: &str, kit: Kit, version: &str) {
        for program in kit.programs() {
            let argument = program.version_argument.unwrap_or("none");
            let name = program.name;
            let script = format!(
                "[ \"$*\" = {argument} ] || exit 1\nprintf '%s:\\n Version: %s\\n Go version: go1.1\\n' {name} '{version}'"
            );
            self.program(folder, name, &script);
        }
    }

    /// A folder in the cache as a build leaves it.
    fn built(&self, kit: Kit) -> PathBuf {
        let folder = Cache::new(self.path("cache")).folder(kit);
        let name = folder.strip_prefix(self.folder.path()).unwrap().to_owned();
        let programs = kit.programs().iter().map(|program| program.name);
        for program in programs.chain(kit.helpers().iter().copied()) {
            self.program(name.to_str().unwrap(), program, "exit 9");
        }
        folder
    }

    /// Provides from a folder that is named, if one is, and a PATH of folders.
    fn provide(
        &self,
        version: FabricVersion,
        named: Option<&str>,
        path: &[&str],
    ) -> Result<Programs, ProgramsError> {
        let places = Places {
            bin_directory: named.map(|name| self.path(name)),
            path: std::env::join_paths(path.iter().map(|name| self.path(name))).unwrap(),
            cache: Some(self.path("cache")),
        };
        places.provide(version, &|line| {
            self.told.lock().unwrap().push(line.to_owned());
        })
    }

    fn told(&self) -> String {
        self.told.lock().unwrap().join("\n")
    }
}

const V2_5: FabricVersion = FabricVersion::V2_5;
const V3_1: FabricVersion = FabricVersion::V3_1;
const FABRIC: Kit = Kit::Fabric(V2_5);

#[test]
fn the_named_folder_comes_before_the_path_and_the_path_before_the_cache() {
    let machine = Machine::new();
    let cached = machine.built(FABRIC);
    machine.built(Kit::Authority);
    machine.built(Kit::Probe);
    let peer_of = |named, path: &[&str]| machine.provide(V2_5, named, path).unwrap().peer;
    assert_eq!(peer_of(None, &[]), cached.join("peer"));

    machine.kit("path", FABRIC, "v2.5.4");
    machine.program("path", "discover", "exit 9");
    assert_eq!(peer_of(None, &["path"]), machine.path("path/peer"));

    machine.kit("named", FABRIC, "2.5.12");
    machine.program("named", "discover", "exit 9");
    assert_eq!(
        peer_of(Some("named"), &["path"]),
        machine.path("named/peer")
    );
    // What the named folder has not comes from elsewhere.
    machine.kit("path", Kit::Authority, "v1.5.7");
    let programs = machine.provide(V2_5, Some("named"), &["path"]).unwrap();
    assert_eq!(programs.discover, machine.path("named/discover"));
    assert_eq!(programs.configtxlator, None);
    assert_eq!(programs.ca_server, machine.path("path/fabric-ca-server"));
    assert_eq!(machine.told(), "");
}

#[test]
fn what_is_on_the_path_and_does_not_fit_is_passed_over() {
    let machine = Machine::new();
    let cached = machine.built(Kit::Fabric(V3_1));
    machine.built(Kit::Authority);
    machine.built(Kit::Probe);
    machine.kit("old", Kit::Fabric(V3_1), "v3.0.0");
    machine.kit("some", Kit::Fabric(V3_1), "v3.1.1");
    fs::remove_file(machine.path("some/orderer")).unwrap();
    machine.kit("broken", Kit::Fabric(V3_1), "v3.1.1");
    machine.program("broken", "cryptogen", "echo no such library >&2; exit 127");
    let folders = ["none", "old", "some", "broken"];
    let programs = machine.provide(V3_1, None, &folders).unwrap();
    assert_eq!(programs.peer, cached.join("peer"));
    let told = machine.told();
    for telling in [
        "peer is v3.0.0",
        "orderer not there",
        "exit status: 127: no such library",
    ] {
        assert!(told.contains(telling), "{telling}: {told}");
    }
    // A later one of the PATH is found behind them.
    machine.kit("good", Kit::Fabric(V3_1), "v3.2.0-snapshot-abc");
    machine.program("good", "discover", "exit 9");
    let folders = ["old", "some", "good"];
    let programs = machine.provide(V3_1, None, &folders).unwrap();
    assert_eq!(programs.peer, machine.path("good/peer"));
}

#[test]
fn the_cache_on_the_path_is_no_program_of_the_users_own() {
    let machine = Machine::new();
    let cached = machine.built(FABRIC);
    machine.built(Kit::Authority);
    machine.built(Kit::Probe);
    let name = cached.strip_prefix(machine.folder.path()).unwrap();
    let programs = machine.provide(V2_5, None, &[name.to_str().unwrap()]);
    assert_eq!(programs.unwrap().peer, cached.join("peer"));
    assert_eq!(machine.told(), "");
}

#[test]
fn a_helper_that_the_users_own_folder_lacks_is_taken_from_the_build() {
    let machine = Machine::new();
    let cached = machine.built(FABRIC);
    machine.built(Kit::Probe);
    machine.kit("named", FABRIC, "2.5.9");
    machine.kit("named", Kit::Authority, "1.5.21");
    let programs = machine.provide(V2_5, Some("named"), &[]).unwrap();
    assert_eq!(programs.peer, machine.path("named/peer"));
    assert_eq!(programs.discover, cached.join("discover"));
    assert!(machine.told().contains("has no discover"));
}

#[test]
fn a_named_folder_that_does_not_do_is_an_error_which_says_why() {
    let machine = Machine::new();
    machine.kit("old", FABRIC, "2.2.4");
    machine.kit("some", FABRIC, "2.5.9");
    fs::remove_file(machine.path("some/orderer")).unwrap();
    machine.program("other", "ls", "");
    fs::write(machine.path("file"), "").unwrap();
    machine.kit("unnumbered", FABRIC, "latest");
    machine.kit("silent", FABRIC, "2.5.9");
    machine.program("silent", "peer", "");
    let error = |named| machine.provide(V2_5, Some(named), &[]).unwrap_err();

    let old = error("old");
    assert!(matches!(old, ProgramsError::OtherVersion { .. }));
    let old = old.to_string();
    for telling in [
        "/old",
        "Fabric 2.5",
        "2.5.x",
        "peer is 2.2.4, orderer is 2.2.4",
    ] {
        assert!(old.contains(telling), "{telling}: {old}");
    }
    let some = error("some");
    assert!(matches!(some, ProgramsError::Incomplete { .. }));
    assert!(some.to_string().contains("but not orderer"), "{some}");
    assert!(matches!(error("other"), ProgramsError::NoPrograms(_)));
    assert!(matches!(error("file"), ProgramsError::NoFolder(_)));
    assert!(matches!(error("nothing"), ProgramsError::NoFolder(_)));
    let unnumbered = error("unnumbered").to_string();
    assert!(
        unnumbered.contains("peer is of no known version (it says `latest`)"),
        "{unnumbered}"
    );
    let silent = error("silent");
    assert!(matches!(silent, ProgramsError::NoVersion { .. }));
    assert!(
        silent.to_string().contains("peer version` says nothing"),
        "{silent}"
    );
}

#[test]
fn a_program_that_does_not_answer_is_given_up() {
    let machine = Machine::new();
    let program = machine.program("bin", "peer", "sleep 1000");
    let error = version::of(&program, "version", Duration::from_millis(100)).unwrap_err();
    assert!(
        error.to_string().contains("did not answer within 100ms"),
        "{error}"
    );
}

#[test]
fn programs_without_a_number_have_that_of_the_pinned_module_in_them() {
    let machine = Machine::new();
    for (version, major, minor) in [(V2_5, 2, 5), (V3_1, 3, 1)] {
        // Across two of the parts in which a program is searched.
        let before = "#".repeat((1 << 20) - 100);
        let script = format!(
            "echo ' Version: latest'; exit 0\n{before}mod{}h1:",
            modules::pin(version)
        );
        let program = machine.program("bin", "peer", &script);
        let stated = version::of(&program, "version", ANSWER_TIMEOUT).unwrap();
        assert!(stated.number.unwrap().is(major, minor));
        assert_eq!(stated.text, format!("{major}.{minor} (it says `latest`)"));
    }
}

#[test]
fn without_go_one_sentence_says_what_to_install() {
    let machine = Machine::new();
    let error = machine.provide(V2_5, None, &["bin"]).unwrap_err();
    assert!(matches!(error, ProgramsError::NoGo { .. }));
    let error = error.to_string();
    for telling in [
        "Fabric 2.5",
        "install Go 1.",
        "--bin-dir",
        "PATH",
        "`chainloom-probe`",
    ] {
        assert!(error.contains(telling), "{telling}: {error}");
    }
    assert_eq!(error.lines().count(), 1);
    // What it says to do does.
    machine.kit("bin", FABRIC, "2.5.9");
    machine.program("bin", "discover", "");
    machine.kit("bin", Kit::Authority, "1.5.21");
    let error = machine.provide(V2_5, None, &["bin"]).unwrap_err();
    let error = error.to_string();
    assert!(error.starts_with("the network's own contract must be built"));
    let probe = machine.program("bin", "chainloom-probe", "");
    for (named, path) in [(None, &["bin"][..]), (Some("bin"), &[])] {
        let programs = machine.provide(V2_5, named, path).unwrap();
        assert_eq!(programs.probe, probe);
    }
    assert!(!machine.path("cache").exists());
    // Nothing is kept, so that no place for it is needed.
    let places = Places {
        bin_directory: Some(machine.path("bin")),
        path: OsString::new(),
        cache: None,
    };
    assert_eq!(places.provide(V2_5, &|_| ()).unwrap().probe, probe);
}

#[test]
fn what_a_killed_build_left_is_removed_unless_somebody_builds() {
    let machine = Machine::new();
    for kit in [FABRIC, Kit::Authority, Kit::Probe] {
        machine.built(kit);
    }
    let left = machine.path("cache/building-killed");
    fs::create_dir_all(left.join("module")).unwrap();
    let building = fs::File::create(machine.path("cache/lock")).unwrap();
    building.lock().unwrap();
    machine.provide(V2_5, None, &[]).unwrap();
    assert!(left.exists());
    drop(building);
    // A process that another test is just starting has the lock, too, until it has become its program.
    let deadline = Instant::now() + Duration::from_secs(60);
    while left.exists() {
        assert!(Instant::now() < deadline, "it is still there");
        machine.provide(V2_5, None, &[]).unwrap();
    }
}

/// With the machine's real Go.
#[test]
fn another_machine_that_go_was_told_to_build_for_is_not_built_for() {
    let machine = Machine::new();
    let path = std::env::var_os("PATH").unwrap();
    let go = search::program_on_path(&path, "go").unwrap();
    let written = machine.path("go.env");
    fs::write(
        &written,
        "GOOS=plan9\nGOARCH=mips\nGOPROXY=https://proxy.example.org\n",
    )
    .unwrap();
    let target = |command: &Command| {
        let mut asked = Command::new(&go);
        asked.args(["env", "GOOS", "GOARCH", "GOPROXY"]);
        asked.env_remove("GOPROXY").env("GOENV", &written);
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => asked.env(name, value),
                None => asked.env_remove(name),
            };
        }
        String::from_utf8(asked.output().unwrap().stdout).unwrap()
    };
    let proxy = "https://proxy.example.org";
    let plain = target(&Command::new(&go));
    assert_eq!(plain, format!("plan9\nmips\n{proxy}\n"));
    let [module, output, scratch] = ["module", "bin", "tmp"].map(|name| machine.path(name));
    let build =
        Go::find(&path, &[Kit::Probe])
            .unwrap()
            .build(Kit::Probe, &module, &output, &scratch);
    let host = Command::new(&go)
        .args(["env", "GOHOSTOS", "GOHOSTARCH"])
        .output()
        .unwrap();
    let host = String::from_utf8(host.stdout).unwrap();
    // What the user wrote down about proxies stays.
    assert_eq!(target(&build), format!("{host}{proxy}\n"));
}

#[test]
fn a_go_that_is_too_old_or_without_a_c_compiler_does_not_begin_to_build() {
    let machine = Machine::new();
    machine.program(
        "bin",
        "go",
        "echo go1.19.8; echo linux; echo amd64; echo gcc",
    );
    let error = machine.provide(V2_5, None, &["bin"]).unwrap_err();
    assert!(matches!(error, ProgramsError::GoTooOld { .. }));
    let text = error.to_string();
    assert!(
        text.contains("Go 1.19.8") && text.contains("install Go 1."),
        "{text}"
    );

    machine.program(
        "bin",
        "go",
        "echo devel go1.99-abc; echo linux; echo amd64; echo cc-of-this-machine -m64",
    );
    let error = machine.provide(V2_5, None, &["bin"]).unwrap_err();
    assert!(matches!(error, ProgramsError::NoCompiler { .. }));
    let text = error.to_string();
    assert!(
        text.contains("`cc-of-this-machine`") && text.contains("install"),
        "{text}"
    );
    assert!(!machine.path("cache").exists());
}

#[test]
fn a_cache_that_cannot_be_is_said() {
    let machine = Machine::new();
    machine.program(
        "bin",
        "go",
        "echo go1.99.0; echo linux; echo amd64; echo sh",
    );
    machine.program("bin", "sh", "");
    fs::write(machine.path("cache"), "a file").unwrap();
    let error = machine.provide(V2_5, None, &["bin"]).unwrap_err();
    assert!(matches!(error, ProgramsError::Cache { .. }));
    assert!(error.to_string().contains("XDG_CACHE_HOME"), "{error}");

    let places = Places {
        bin_directory: None,
        path: OsString::new(),
        cache: None,
    };
    let error = places.provide(V2_5, &|_| ()).unwrap_err();
    assert!(matches!(error, ProgramsError::NoCache));
}

#[test]
fn a_build_that_fails_tells_what_go_said_and_leaves_nothing() {
    let machine = Machine::new();
    machine.program("bin", "cc", "");
    for (said, hint) in [
        ("write /x: no space left on device", "the disk is full"),
        (
            "Get https://x/: dial tcp: lookup x: no such host",
            "the network",
        ),
        ("main.go:1:1: expected package", "expected package"),
    ] {
        let script = format!(
            "[ \"$1\" = env ] && {{ echo go1.99.0; echo linux; echo amd64; echo cc; exit; }}\n\
             echo go: downloading example.org/a v1.0.0; echo example.org/a/b\necho '{said}' >&2; exit 1"
        );
        machine.program("bin", "go", &script);
        let error = machine.provide(V2_5, None, &["bin"]).unwrap_err();
        let ProgramsError::Build { lines, reason, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!(lines, &[said]);
        assert_eq!(reason, "exit status: 1");
        let last = error.to_string().lines().last().unwrap().to_owned();
        assert!(last.contains(hint), "{error}");
        let left: Vec<_> = fs::read_dir(machine.path("cache"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left, ["lock"]);
    }
}

#[test]
fn a_build_that_does_not_end_is_ended() {
    let machine = Machine::new();
    let go = machine.program("bin", "go", "echo compiling this; sleep 1000");
    let mut command = crate::process::guarded(&go);
    let limit = Duration::from_millis(100);
    let error = build::run(Kit::Probe, &mut command, limit, &|_| ()).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("took more than 100ms") && text.contains("compiling this"),
        "{text}"
    );
}

/// With the machine's real Go: the network's own contract is built once, whoever asks for it, and its program runs.
#[test]
fn what_is_built_is_not_built_again() {
    let machine = Machine::new();
    machine.kit("bin", FABRIC, "2.5.9");
    machine.program("bin", "discover", "");
    machine.kit("bin", Kit::Authority, "1.5.21");
    let path = std::env::var_os("PATH").unwrap();
    let places = || Places {
        bin_directory: Some(machine.path("bin")),
        path: path.clone(),
        cache: Some(machine.path("cache")),
    };
    let tell = |line: &str| machine.told.lock().unwrap().push(line.to_owned());
    let both: Vec<PathBuf> = std::thread::scope(|scope| {
        let asked = [(); 2].map(|()| scope.spawn(|| places().provide(V2_5, &tell).unwrap().probe));
        asked.map(|thread| thread.join().unwrap()).into()
    });
    assert_eq!(both[0], both[1]);
    assert_eq!(
        machine
            .told()
            .matches("built the network's own contract")
            .count(),
        1
    );
    let inode = |path: &Path| path.metadata().unwrap().ino();
    let first = inode(&both[0]);
    let again = places().provide(V2_5, &tell).unwrap().probe;
    assert_eq!((inode(&again), &again), (first, &both[0]));

    // A program that somebody removed is built anew.
    fs::remove_file(&again).unwrap();
    let again = places().provide(V2_5, &tell).unwrap().probe;
    assert_eq!(
        machine
            .told()
            .matches("built the network's own contract")
            .count(),
        2
    );
    // It is the contract: without the settings of one it says which it lacks, and ends.
    let run = Command::new(&again).env_clear().output().unwrap();
    assert!(!run.status.success());
    assert!(String::from_utf8_lossy(&run.stderr).starts_with("probe:"));
}
