//! A schema of its own on the server that `HQ_POSTGRES` names, so that every test runs on both databases.

use std::sync::atomic::{AtomicU64, Ordering};

/// Address of a new schema; none where no server is named: then the test runs on SQLite.
pub fn schema() -> Option<String> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let url = std::env::var("HQ_POSTGRES").ok()?;
    let schema = format!("t{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(&format!("CREATE SCHEMA {schema}")).await.unwrap();
    });
    Some(format!("{url}?options=-csearch_path%3D{schema}"))
}
