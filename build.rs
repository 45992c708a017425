//! Compiles proto/ with protox, in pure Rust: no protoc is needed on the machine that builds.

use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=proto");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set: run this through cargo")?);

    // With comments (source info), so that they become doc comments and reach clients through reflection.
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files([
        "saring/v1/check.proto",
        "saring/v1/registry.proto",
        "saring/v1/lookup.proto",
        "saring/v1/cases.proto",
        "saring/v1/desk.proto",
        "saring/v1/registration.proto",
    ])?;
    // Encoded by the compiler: the types of the set would lose the `roles` of the calls, which are an extension.
    fs::write(out.join("saring_descriptor.bin"), compiler.encode_file_descriptor_set())?;
    let descriptors = compiler.file_descriptor_set();
    tonic_prost_build::configure().out_dir(&out).emit_rerun_if_changed(false).compile_fds(descriptors)?;
    Ok(())
}
