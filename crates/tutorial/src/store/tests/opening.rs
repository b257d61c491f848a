use super::*;
use std::fs;

#[test]
fn a_new_store_has_a_genesis_and_an_id_that_stays() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("deeper/still");
    let store = open(&directory);
    let head = store.head().borrow().clone();
    assert_eq!(
        (head.generation, head.length, head.pending_count),
        (0, 1, 0)
    );
    assert_eq!(&*head.next_index_text, "2");
    let genesis = encoded(&Rules::Article.genesis(0.5));
    assert_eq!(head.tip_hash, genesis.hash);
    assert_eq!(head.chain_body_bytes, genesis.compact.len() as u64);
    let id = store.identity().node_id.clone();
    assert_eq!(id.len(), 32);
    assert!(directory.join("tutorial.redb").exists());
    assert!(!directory.join("tutorial.redb.new").exists());
    drop(store);
    assert_eq!(open(&directory).identity().node_id, id);
}

#[test]
fn a_store_in_use_is_refused_and_free_after_closing() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let error = try_open(folder.path()).err().unwrap();
    assert!(matches!(&error, OpenError::Locked { path } if path.ends_with("tutorial.redb")));
    assert!(error.to_string().contains("in use by another process"));
    drop(store);
    open(folder.path());
}

#[test]
fn other_rules_or_difficulty_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    for (rules, difficulty) in [("repository", 4), ("article", 5)] {
        let error = open_as(folder.path(), rules, difficulty).err().unwrap();
        assert!(matches!(error, OpenError::OtherRules { .. }));
        let sentence = error.to_string();
        assert!(sentence.contains("`article` at difficulty 4"), "{sentence}");
        assert!(sentence.contains("chainloom reset"), "{sentence}");
    }
    open(folder.path());
}

#[test]
fn a_newer_format_is_refused() {
    use super::super::tables::META;
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let database =
        chainloom_database::Database::open(&folder.path().join("tutorial.redb"), 1 << 20).unwrap();
    let write = database.begin_write().unwrap();
    {
        let mut meta = write.open_table(META).unwrap();
        let identity = br#"{"format":9,"rules":"article","difficulty":4,"node_id":""}"#;
        meta.insert("identity", &identity[..]).unwrap();
        meta.insert("state", &b"of another form"[..]).unwrap();
    }
    write.commit().unwrap();
    drop(database);
    let error = try_open(folder.path()).err().unwrap();
    assert!(matches!(
        error,
        OpenError::NewerFormat {
            found: 9,
            known: 1,
            ..
        }
    ));
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, b"x").unwrap();
    let error = try_open(&file.join("store")).err().unwrap();
    assert!(matches!(error, OpenError::NotCreatable { .. }));
    assert!(error.to_string().contains("--data-dir"));
}

#[test]
fn a_file_that_cannot_be_opened_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("tutorial.redb")).unwrap();
    // A folder in the file's place: the size differs from system to system.
    let error = try_open(folder.path()).err().unwrap();
    assert!(matches!(
        error,
        OpenError::NotReadable { .. } | OpenError::Damaged { .. }
    ));
    assert!(error.to_string().contains("tutorial.redb"));
}

#[test]
fn what_a_crash_left_of_a_new_store_is_no_obstacle() {
    let folder = tempfile::tempdir().unwrap();
    let new_file = folder.path().join("tutorial.redb.new");
    // Cut off in the first bytes.
    fs::write(&new_file, b"redb").unwrap();
    drop(open(folder.path()));
    // Whole, but not yet under its name.
    fs::rename(folder.path().join("tutorial.redb"), &new_file).unwrap();
    let store = open_as(folder.path(), "repository", 5).unwrap();
    assert_eq!(store.head().borrow().length, 1);
    assert_eq!(store.identity().difficulty, 5);
}
