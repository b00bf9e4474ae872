/* care/topic.h - what can be subscribed to: the topics of content/topics.json.
 *
 * A topic is a SubscriptionTopic as FHIR R5 has it (subscriptiontopic.html), read into triggers: a type,
 * what happens to it, and what it must meet before and after, as a search or as FHIRPath. */
#pragma once

#include "care/content.h"
#include "codec/json.h"
#include "fhir/type.h"

struct path_prog;

enum { ON_CREATE = 1 << 0, ON_UPDATE = 1 << 1, ON_DELETE = 1 << 2 };

struct topic_trigger {
    enum fhir_type type;
    unsigned ops;              /* ON_ bits */
    struct str current;        /* search the new version meets; empty: any */
    struct str previous;       /* search the old version met; empty: any */
    bool both;                 /* both are needed, else one of them is enough */
    bool create_passes;        /* what previous counts as when there is none */
    bool delete_passes;        /* what current counts as when there is none */
    const struct path_prog *path; /* over the new version, with %current and %previous; NULL none */
};

/* A search parameter a subscriber may narrow a topic by. */
struct topic_filter {
    enum fhir_type type;
    struct str name;
};

struct topic {
    struct str url;
    struct str title;
    struct str description;
    const struct topic_trigger *triggers;
    const struct topic_filter *filters;
    uint32_t n_triggers, n_filters;
};

/* Reads topics.json of the content folder into rq's arena.
 * errors   E_BAD_INPUT, E_SYNTAX, E_UNPROCESSED with the number of the topic */
MUST_USE enum err topics_load(struct req *rq, struct jv items, const struct topic **ret_topics,
                              uint32_t *ret_n);
/* NULL when there is none of that canonical. */
const struct topic *topic_find(const struct content *c, struct str url);
bool topic_has_filter(const struct topic *t, enum fhir_type type, struct str name);
bool topic_has_type(const struct topic *t, enum fhir_type type);
/* A Basic resource that carries the topic by the extensions FHIR has for R5 elements in R4. */
void topic_write(struct json_out *o, const struct topic *t);
