//! The OpenAPI 3.1 document of this server, small enough to be read.

use serde_json::{Value, json};

/// The document served at `/openapi.json`.
#[must_use]
pub fn document() -> Value {
    let problem = json!({"description": "Refused: wire::Problem", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}});
    let signed = json!({"description": "A signed document", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Signed"}}}});
    let post = |id: &str, security: &str| json!({"post": {"operationId": id, "security": [{security: []}], "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object"}}}}, "responses": {"200": signed, "default": problem}}});
    let list = |id: &str| json!({"get": {"operationId": id, "security": [{"token": []}], "responses": {"200": {"description": "A list", "content": {"application/json": {}}}, "default": problem}}});
    let one = |id: &str| {
        json!({"parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}],
            "get": list(id)["get"]})
    };
    let sha = json!({"name": "sha256", "in": "path", "required": true, "schema": {"type": "string", "pattern": "^[0-9a-f]{64}$"}});
    json!({
        "openapi": "3.1.0",
        "info": {"title": "e-Zhifa HQ", "version": "1", "description": "docs/protocol.md describes the phone's side."},
        "paths": {
            "/v1/health": {"get": {"operationId": "health", "responses": {"200": {"description": "ok"}, "default": problem}}},
            "/v1/enrol": post("enrol", "device"),
            "/v1/hello": post("hello", "device"),
            "/v1/push": post("push", "device"),
            "/v1/lease": post("lease", "device"),
            "/v1/feed": {"get": {"operationId": "feed", "security": [{"device": []}],
                "parameters": [
                    {"name": "incarnation", "in": "query", "schema": {"type": "string"}},
                    {"name": "pos", "in": "query", "schema": {"type": "integer", "minimum": 0}},
                    {"name": "max_bytes", "in": "query", "schema": {"type": "integer", "minimum": 1}}],
                "responses": {"200": signed, "default": problem}}},
            "/v1/blobs/{sha256}": {
                "parameters": [sha],
                "head": {"operationId": "blobHead", "security": [{"device": []}], "responses": {"200": {"description": "ezhifa-offset, ezhifa-length, ezhifa-durable"}, "default": problem}},
                "patch": {"operationId": "blobPatch", "security": [{"device": []}],
                    "parameters": [{"name": "length", "in": "query", "required": true, "schema": {"type": "integer", "minimum": 0}}, {"name": "ezhifa-offset", "in": "header", "required": true, "schema": {"type": "integer", "minimum": 0}}],
                    "requestBody": {"required": true, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
                    "responses": {"200": signed, "default": problem}},
                "get": {"operationId": "blobGet", "security": [{"device": []}], "responses": {"200": {"description": "Feed files only"}, "206": {"description": "The rest of one"}, "default": problem}}},
            "/metrics": {"get": {"operationId": "metrics", "responses": {"200": {"description": "Prometheus text", "content": {"text/plain": {}}}, "default": problem}}},
            "/V/{code}": {"get": {"operationId": "verify", "parameters": [{"name": "code", "in": "path", "required": true, "schema": {"type": "string"}}],
                "responses": {"200": {"description": "The page behind a slip's code", "content": {"text/html": {}}}, "404": {"description": "Not ours, as a page", "content": {"text/html": {}}}, "default": problem}}},
            "/v1/desk/leads": post("postLead", "token"),
            "/v1/desk/payments": post("postPayment", "token"),
            "/v1/desk/payments/held": list("heldPayments"),
            "/v1/desk/figures": list("figures"),
            "/v1/desk/cases": list("cases"),
            "/v1/desk/cases/{id}": one("case"),
            "/v1/desk/cases/{id}/events": one("caseEvents"),
            "/v1/desk/reads": list("reads"),
            "/v1/desk/appeals": {"get": list("appeals")["get"], "post": post("postAppeal", "token")["post"]},
            "/v1/desk/patterns": list("patterns"),
            "/v1/desk/sample/{seed}/{each}": {"parameters": [
                {"name": "seed", "in": "path", "required": true, "schema": {"type": "string"}},
                {"name": "each", "in": "path", "required": true, "schema": {"type": "integer", "minimum": 0}}],
                "get": {"operationId": "sample", "security": [{"token": []}], "responses": {"200": {"description": "Waivers drawn for review"}, "default": problem}}},
            "/v1/desk/checkpoints": list("checkpoints"),
            "/v1/desk/ledger": list("ledger"),
            "/v1/desk/alarms": list("alarms"),
            "/v1/desk/quarantine": list("quarantine"),
            "/v1/desk/reviews": list("reviews"),
            "/v1/desk/replay": list("replay")
        },
        "components": {
            "securitySchemes": {
                "device": {"type": "apiKey", "in": "header", "name": "ezhifa-sign"},
                "token": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Signed": {"type": "object", "required": ["doc", "signature"], "properties": {"doc": {"type": "string"}, "signature": {"type": "object"}}},
                "Problem": {"type": "object", "required": ["code", "zh", "en", "server_ms", "incarnation"], "properties": {
                    "code": {"type": "string"}, "zh": {"type": "string"}, "en": {"type": "string"}, "server_ms": {"type": "integer"}, "incarnation": {"type": "string"},
                    "retry_after_s": {"type": "integer"}, "have": {"type": "object"}, "fork": {"type": "object"}, "offset": {"type": "integer"}}}}}
    })
}
