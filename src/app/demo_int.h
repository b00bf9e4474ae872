/* app/demo_int.h - inside the demo: fields as typed, and files of a case. */
#pragma once

#include "app/demo.h"

struct demo_typed {
    struct field v[120];
    uint32_t n;
};
/* value as a story writes it: see demo_story.h. */
struct str demo_value(struct req *rq, struct demo_dice *dice, const char *value,
                      struct instant base);
/* Nothing is added for an empty value. */
void demo_typed_add(struct demo_typed *t, struct str name, struct str value);
void demo_typed_table(struct req *rq, struct demo_dice *dice, const struct demo_field *table,
                      struct instant base, struct demo_typed *t);
/* The request form of a case, sent at rq->now. */
void demo_typed_request(struct req *rq, struct demo *d, const struct demo_case *c,
                        struct demo_typed *t);

/* Makes files that fit the story and uploads them for the case, as rq->who. Commits on its own. */
MUST_USE enum err demo_attach(struct req *rq, struct demo *d, const struct demo_case *c);
