/* tests/conformance/primitives.c - literals of the primitive types, each as the value of an extension
 * in a whole resource. */
#include <stdio.h>
#include <string.h>

#include "fhir/validate.h"
#include "suite.h"

static const char *const files[] = {
    "base64_binary", "boolean", "canonical",    "code",   "date",   "date_time", "decimal",
    "id",            "instant", "integer",      "markdown", "oid",  "positive_int", "reference",
    "string",        "time",    "unsigned_int", "uri",    "url",    "uuid",
};

/* "date_time" as it stands in a name: "DateTime". */
static struct str type_name(struct req *rq, const char *file)
{
    struct buf b;
    bool up = true;
    buf_init(&b, rq->a, 64);
    for (; *file != 0; file++) {
        if (*file == '_') {
            up = true;
            continue;
        }
        buf_char(&b, up ? (char)(*file - 'a' + 'A') : *file);
        up = false;
    }
    return buf_get(&b);
}

static bool accepted(struct req *rq, const char *file, struct str line)
{
    struct buf b;
    struct json_doc doc;
    buf_init(&b, rq->a, line.n + 1000);
    BUF_LIT(&b, "{\"resourceType\":\"Basic\",\"code\":{\"text\":\"x\"},\"author\":{\"reference\":\"#p1\"},"
                "\"contained\":[{\"resourceType\":\"Patient\",\"id\":\"p1\",\"active\":true}],"
                "\"extension\":[{\"url\":\"http://example.org/x\",\"value");
    buf_str(&b, type_name(rq, file));
    BUF_LIT(&b, "\":");
    buf_str(&b, line);
    BUF_LIT(&b, "}]}");
    return json_parse(rq, buf_get(&b), NULL, &doc) == OK &&
           fhir_validate(rq, json_root(&doc), T_BASIC) == OK;
}

/* XHTML: whether a string is taken, no more. */
static bool taken(struct req *rq, struct str line)
{
    struct json_doc doc;
    return json_parse(rq, line, NULL, &doc) == OK && json_kind(json_root(&doc)) == JSON_STRING;
}

static int run(const char *dir, const char *file, bool valid)
{
    struct req all;
    char path[200];
    struct str rest;
    struct str line;
    req_init(&all, (size_t)128 << 20, (struct instant){0});
    snprintf(path, sizeof(path), "primitives/%s.%s.ndjson", file, valid ? "valid" : "invalid");
    bool fine = suite_read(&all, dir, path, &rest);
    for (unsigned n = 1; fine && str_cut(&rest, '\n', &line); n++) {
        struct req rq;
        char name[200];
        line = str_trim(line);
        if (line.n == 0 || (valid && str_eq(line, S("null")))) {
            continue; /* null is an absent value */
        }
        snprintf(name, sizeof(name), "%s:%u", path + strlen("primitives/"), n);
        req_init(&rq, (size_t)4 << 20, (struct instant){0});
        bool ok = strcmp(file, "xhtml") == 0 ? taken(&rq, line) : accepted(&rq, file, line);
        if (ok == valid) {
            suite_ok(str_z(name));
        } else {
            suite_fail(str_z(name), "%s", ok ? "accepted" : "refused");
        }
        req_done(&rq);
    }
    req_done(&all);
    return fine ? 0 : 1;
}

int main(int argc, char **argv)
{
    int status = argc == 2 ? 0 : 2;
    for (size_t i = 0; status == 0 && i < LEN(files); i++) {
        status = run(argv[1], files[i], true) + run(argv[1], files[i], false);
    }
    return status == 0 ? run(argv[1], "xhtml", true) + run(argv[1], "xhtml", false) : status;
}
