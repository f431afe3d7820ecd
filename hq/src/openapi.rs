//! The OpenAPI 3.1 document of this server, small enough to be read.

use serde_json::{Value, json};

use crate::desk::http::{BASE, Route, routes};

/// The document served at `/openapi.json`.
#[must_use]
pub fn document() -> Value {
    let problem = json!({"description": "Refused: wire::Problem", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}});
    let signed = json!({"description": "A signed document", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Signed"}}}});
    let post = |id: &str, needs: &[&str]| {
        let fields: serde_json::Map<String, Value> =
            needs.iter().map(|n| ((*n).to_owned(), json!({}))).collect();
        json!({"post": {"operationId": id, "security": [{"device": []}],
            "parameters": [{"name": "content-encoding", "in": "header", "schema": {"enum": ["gzip", "identity"]}, "description": "signed as it travels"}],
            "requestBody": {"required": true, "description": "docs/protocol.md gives an example of each", "content": {"application/json": {"schema": {"type": "object", "required": needs, "properties": fields}}}},
            "responses": {"200": signed, "default": problem}}})
    };
    let sha = json!({"name": "sha256", "in": "path", "required": true, "schema": {"type": "string", "pattern": "^[0-9a-f]{64}$"}});
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {"title": "e-Zhifa HQ", "version": "1", "description": "docs/protocol.md describes the phone's side."},
        "paths": {
            "/v1/health": {"get": {"operationId": "health", "responses": {"200": {"description": "ok"}, "default": problem}}},
            "/v1/enrol": post("enrol", &["code", "key", "epoch", "model", "app", "wall_ms"]),
            "/v1/hello": post("hello", &["versions", "app", "heads", "cursor", "blocks", "unsynced", "wall_ms", "mono_ms", "boot"]),
            "/v1/push": post("push", &["device", "epoch", "entries", "head"]),
            "/v1/lease": post("lease", &["request_id", "series", "year", "want", "epoch"]),
            "/v1/feed": {"get": {"operationId": "feed", "security": [{"device": []}],
                "parameters": [
                    {"name": "incarnation", "in": "query", "schema": {"type": "string"}},
                    {"name": "pos", "in": "query", "schema": {"type": "integer", "minimum": 0}},
                    {"name": "max_bytes", "in": "query", "schema": {"type": "integer", "minimum": 1}},
                    {"name": "accept-encoding", "in": "header", "schema": {"type": "string"}, "description": "gzip: the page comes packed"}],
                "responses": {"200": signed, "default": problem}}},
            "/v1/blobs/{sha256}": {
                "parameters": [sha],
                "head": {"operationId": "blobHead", "security": [{"device": []}], "responses": {"200": {"description": "ezhifa-offset, ezhifa-length, ezhifa-durable"}, "default": problem}},
                "patch": {"operationId": "blobPatch", "security": [{"device": []}],
                    "parameters": [{"name": "length", "in": "query", "required": true, "schema": {"type": "integer", "minimum": 0}}, {"name": "ezhifa-offset", "in": "header", "required": true, "schema": {"type": "integer", "minimum": 0}}],
                    "requestBody": {"required": true, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
                    "responses": {"200": signed, "default": problem}},
                "get": {"operationId": "blobGet", "security": [{"device": []}], "parameters": [{"name": "range", "in": "header", "schema": {"type": "string"}, "description": "bytes=FROM-TO or bytes=FROM-, at most 16 MiB at a time"}], "responses": {"200": {"description": "Feed files only"}, "206": {"description": "The rest of one"}, "default": problem}}},
            "/v1/operator": {"post": {"operationId": "operate", "security": [{"operator": []}], "summary": "An order of the operator of HQ's machine: hq/src/operator.rs",
                "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object", "required": ["order"], "properties": {"order": {"type": "string"}}}}}},
                "responses": {"200": {"description": "The answer", "content": {"application/json": {}}}, "default": problem}}},
            "/metrics": {"get": {"operationId": "metrics", "responses": {"200": {"description": "Prometheus text", "content": {"text/plain": {}}}, "default": problem}}},
            "/V/{code}": {"get": {"operationId": "verify", "parameters": [{"name": "code", "in": "path", "required": true, "schema": {"type": "string"}}],
                "responses": {"200": {"description": "The page behind a slip's code", "content": {"text/html": {}}}, "404": {"description": "Not ours, as a page", "content": {"text/html": {}}}, "default": {"description": "Not now, as a page", "content": {"text/html": {}}}}}}
        },
        "components": {
            "securitySchemes": {
                "device": {"type": "apiKey", "in": "header", "name": "ezhifa-sign", "description": "the device key over method, path, time, nonce and body: docs/protocol.md 3"},
                "operator": {"type": "http", "scheme": "bearer", "description": "the token of this run of HQ, in its folder"},
                "token": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Signed": {"type": "object", "required": ["doc", "signature"], "properties": {"doc": {"type": "string"}, "signature": {"type": "object"}}},
                "Problem": {"type": "object", "required": ["code", "zh", "en", "server_ms", "incarnation"], "properties": {
                    "code": {"enum": ["malformed", "denied", "clock", "replayed", "withdrawn", "enrol_code", "not_found", "need_from", "fork", "blob_offset", "snapshot", "too_large", "blob_hash", "no_numbers", "version", "busy", "unavailable"]}, "zh": {"type": "string"}, "en": {"type": "string"}, "server_ms": {"type": "integer"}, "incarnation": {"type": "string"},
                    "retry_after_s": {"type": "integer"}, "have": {"type": "object"}, "fork": {"type": "object"}, "offset": {"type": "integer"}}}}}
    });
    if let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) {
        for route in routes() {
            let path = paths.entry(format!("{BASE}{}", route.path)).or_insert_with(|| json!({}));
            if let Some(path) = path.as_object_mut() {
                path.insert(route.method.to_lowercase(), operation(route, &problem));
            }
        }
    }
    document
}

/// One operation of the desk, from its row in the table.
fn operation(route: &Route, problem: &Value) -> Value {
    let mut parameters: Vec<Value> = route
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
        .collect();
    if route.method == "GET" {
        parameters.extend(["limit", "after", "format"].map(|name| json!({"name": name, "in": "query", "schema": {"type": "string"}, "description": "of lists: page size (at most 1000), where the page begins, json or csv; every other word is a filter on a field, FIELD.min and FIELD.max give a range"})));
    }
    let roles = serde_json::to_value(route.roles).unwrap_or_default();
    let mut operation = json!({
        "operationId": route.id, "summary": route.says, "security": [{"token": []}], "x-roles": roles,
        "parameters": parameters,
        "responses": {"200": {"description": route.says, "content": {"application/json": {}}}, "default": problem}});
    if let (Some(operation), "POST") = (operation.as_object_mut(), route.method) {
        operation.insert("requestBody".into(), json!({"content": {"application/json": {}}}));
    }
    operation
}
