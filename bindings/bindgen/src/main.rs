//! Generates the Kotlin and Swift bindings from the built library: `tests/bindings.sh` shows how.
fn main() {
    uniffi::uniffi_bindgen_main();
}
