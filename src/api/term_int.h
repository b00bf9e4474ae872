/* api/term_int.h - what the operations of terminology share; private to the room. */
#pragma once

#include "api/fhir_int.h"
#include "fhir/terms.h"

/* What an operation is asked about. */
struct term_ask {
    struct api_params ps;
    struct fhir_access acc;
    const struct fhir_library *lib; /* content, R4, and what is stored and the caller sees */
    struct str lang;    /* of displays: displayLanguage, else the person's */
    struct str url;
    struct jv resource; /* sent along, or of the address; absent: by url */
    struct str system;  /* "system|version" where a version was given; p NULL: none was given */
    struct str code;
    struct str display;
};

/* Reads the parameters; type: what the operation is of (its resource may stand in the address, or be
 * sent as the parameter sent).
 * errors  E_FORBIDDEN, E_NOT_FOUND, E_GONE, and those of api_params_read() */
MUST_USE enum err term_ask_read(struct http_req *h, enum fhir_type type, struct str sent,
                                struct term_ask *ret_ask);
bool term_ask_flag(const struct term_ask *a, struct str name);
/* E_BAD_INPUT when a parameter is empty. */
MUST_USE enum err term_need(struct http_req *h, struct str value, const char *name);
/* The value set that is asked about. errors E_NOT_FOUND not kept here (an issue says so) */
MUST_USE enum err term_ask_set(struct http_req *h, const struct term_ask *a,
                               const struct term_set **ret_set);
/* A code system by its address, or the one sent along (with resource). errors as above */
MUST_USE enum err term_ask_system(struct http_req *h, const struct term_ask *a, struct str url,
                                  const struct term_system **ret_system);
/* Refuses with an issue. */
MUST_USE enum err term_refuse(struct http_req *h, enum err code, const char *kind, const char *text,
                              struct str about);

/* An answer as Parameters. */
struct term_out {
    struct buf b;
    struct json_out o;
};
void term_out_begin(struct http_req *h, struct term_out *out);
/* kind: "valueString" ...; an empty value is left out. */
void term_out_text(struct term_out *out, struct str name, struct str kind, struct str value);
void term_out_bool(struct term_out *out, struct str name, bool value);
/* A parameter of parts: what is written between the two. */
void term_out_parts(struct term_out *out, struct str name);
void term_out_parts_end(struct term_out *out);
MUST_USE enum err term_out_end(struct http_req *h, struct term_out *out);
/* GET /fhir/metadata?mode=terminology */
MUST_USE enum err term_capabilities(struct http_req *h);
