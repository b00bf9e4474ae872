/* care/sign_write.h - the writer of documents and of their signatures: references, identifiers and entries as
 * every part of them has. Ids come from the resources of the document (sign_doc.h). */
#pragma once

#include "care/sign_int.h"

struct sign_writer {
    struct req *rq;
    const struct sign_doc *d;
    struct json_out o;
};

struct str sign_joined(struct req *rq, struct str a, struct str b, struct str c);
struct str sign_id_of(struct sign_writer *w, struct jv resource);
struct str sign_instant(struct req *rq, struct instant t);
/* A member with a reference; display may be empty. */
void sign_ref(struct sign_writer *w, struct str key, struct str type, struct str id,
              struct str display);
/* A reference, without its key, to the author's role. */
void sign_author_ref(struct sign_writer *w);
/* A member with an identifier; its system is path below the document's address. */
void sign_identifier(struct sign_writer *w, struct str key, struct str path, struct str value);
/* An entry of the Bundle and its resource are begun, ended. */
void sign_entry_begin(struct sign_writer *w, struct str type, struct str id);
void sign_entry_end(struct sign_writer *w);
/* An entry with the named members of a stored resource, in that order; parts ends with NULL. */
void sign_entry_copy(struct sign_writer *w, struct str type, struct jv resource,
                     const char *const *parts);
