//! Compiles the definitions in `proto` to Rust: messages by prost, service clients by tonic. No `protoc` is needed.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use prost::Message as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut files = Vec::new();
    collect(Path::new("proto"), &mut files)?;
    files.sort();
    println!("cargo::rerun-if-changed=proto");

    let descriptors = protox::compile(&files, ["proto"])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    // For the test that compares them with Fabric's.
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;

    let mut config = prost_build::Config::new();
    // For errors that name the message.
    config.enable_type_names();
    tonic_prost_build::configure()
        .build_server(false)
        // The connection is our own.
        .build_transport(false)
        .codec_path("crate::wire::codec::FittingCodec")
        // Slices of the block that is decoded, not copies.
        .bytes(".")
        .btree_map(".")
        .include_file("proto.rs")
        .compile_fds_with_config(descriptors, config)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
