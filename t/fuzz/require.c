/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Requirements over a document: five lines of what is required (flags in the
 * first), then the document as JSON text.  What no record meets is not met.
 */


#include "auth_token_json.h"
#include "readers.h"


static void
eval(auth_token_requirement_t *req, auth_token_str_t text)
{
    const char                 *reason;
    auth_token_buf_t            doc, record;
    auth_token_json_t          *root;
    auth_token_facts_t          facts;
    auth_token_require_e        met, other;
    const auth_token_record_t  *records[1];

    root = auth_token_json_parse(text, 0, &reason);

    if (root == NULL) {
        return;
    }

    memset(&facts, 0, sizeof(facts));
    auth_token_buf_init(&doc, 1 << 20);
    auth_token_buf_init(&record, 1 << 20);

    must(auth_token_json_doc(&doc, root, fuzz_str("")) == 0);
    facts.doc = auth_token_buf_str(&doc);
    must(auth_token_record_build(&facts, &record) == 0);

    records[0] = (const auth_token_record_t *) record.data;

    met = auth_token_require_eval(req, records, 1, FUZZ_NOW);
    req->negate = !req->negate;
    other = auth_token_require_eval(req, records, 1, FUZZ_NOW);

    /* an error is not met either way; nothing is met both ways */

    must(met != AUTH_TOKEN_REQUIRE_MET || other != AUTH_TOKEN_REQUIRE_MET);

    auth_token_json_free(root);
    auth_token_buf_free(&doc);
    auth_token_buf_free(&record);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned                  flags;
    auth_token_str_t          values[2];
    auth_token_requirement_t  req;

    memset(&req, 0, sizeof(req));

    req.kind = fuzz_byte(&data, &size) % 7;
    req.op = fuzz_byte(&data, &size) % 9;
    flags = fuzz_byte(&data, &size);

    req.negate = flags & 1;
    req.any_parent = flags >> 1 & 1;
    req.any_resource = flags >> 2 & req.any_parent;

    req.value = fuzz_line(&data, &size);
    req.pointer = fuzz_line(&data, &size);
    req.resource = fuzz_line(&data, &size);
    req.parent = fuzz_line(&data, &size);

    values[0] = req.value;
    values[1] = fuzz_line(&data, &size);

    req.values = values;
    req.nvalues = 2;
    req.match = readers_match;

    eval(&req, fuzz_exact(data, size));

    fuzz_done();

    return 0;
}
