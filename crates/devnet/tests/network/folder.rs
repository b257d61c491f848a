//! Temporary folders that go with the test program, however it ends and whatever still writes into them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

/// Removes the folder when its standard input closes; what ends with this program too may still write for a moment.
const REMOVE: &str = r#"
trap '' HUP INT TERM
read -r line
for try in $(seq 300); do
    rm -rf -- "$1" 2>/dev/null && exit
    sleep 0.1
done
"#;

/// A new folder. It is removed when this is dropped or the test program has ended: what is kept in a `static` is never dropped.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    remover: Child,
    pipe: Option<ChildStdin>,
}

impl Folder {
    pub(crate) fn new() -> Self {
        let path = tempfile::tempdir().unwrap().keep();
        let mut remover = Command::new("/bin/sh")
            .args(["-c", REMOVE, "remover"])
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let pipe = remover.stdin.take();
        Self {
            path,
            remover,
            pipe,
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(self.pipe.take());
        let _ = self.remover.wait();
    }
}

#[test]
fn a_folder_is_gone_when_it_is_dropped() {
    let folder = Folder::new();
    let path = folder.path().to_owned();
    fs::write(path.join("file"), "").unwrap();
    drop(folder);
    assert!(!path.exists());
}
