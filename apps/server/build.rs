//! Makes sure that the folder of the built web app exists: without it the server still compiles and
//! says at `/` how to build it.

fn main() {
    let dist = std::path::Path::new("../../web/dist");
    if !dist.exists() {
        // A read-only source tree is no reason to fail: the embedding macro will say what is missing.
        let _ = std::fs::create_dir_all(dist);
    }
    println!("cargo:rerun-if-changed=../../web/dist");
}
