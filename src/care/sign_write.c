/* care/sign_write.c - what documents and their signatures are written with. See sign_write.h. */
#include "care/sign_write.h"

struct str sign_joined(struct req *rq, struct str a, struct str b, struct str c)
{
    struct buf out;
    buf_init(&out, rq->a, a.n + b.n + c.n);
    buf_str(&out, a);
    buf_str(&out, b);
    buf_str(&out, c);
    return buf_get(&out);
}

void sign_ref(struct sign_writer *w, struct str key, struct str type, struct str id,
              struct str display)
{
    json_k(&w->o, key);
    json_obj(&w->o);
    json_ks(&w->o, S("reference"), sign_joined(w->rq, type, S("/"), id));
    if (display.n > 0) {
        json_ks(&w->o, S("display"), display);
    }
    json_obj_end(&w->o);
}

void sign_entry_begin(struct sign_writer *w, struct str type, struct str id)
{
    json_obj(&w->o);
    struct str path = sign_joined(w->rq, type, S("/"), id);
    json_ks(&w->o, S("fullUrl"), sign_joined(w->rq, w->d->base_url, S("/fhir/"), path));
    json_k(&w->o, S("resource"));
    json_obj(&w->o);
    json_ks(&w->o, S("resourceType"), type);
    json_ks(&w->o, S("id"), id);
}

void sign_entry_end(struct sign_writer *w)
{
    json_obj_end(&w->o);
    json_obj_end(&w->o);
}

struct str sign_id_of(struct sign_writer *w, struct jv resource)
{
    return json_str(w->rq->a, json_get(resource, S("id")));
}

/* An entry with the named members of a stored resource, in that order. */
void sign_entry_copy(struct sign_writer *w, struct str type, struct jv resource,
                     const char *const *parts)
{
    sign_entry_begin(w, type, sign_id_of(w, resource));
    for (size_t i = 0; parts[i] != NULL; i++) {
        struct jv v = json_get(resource, str_z(parts[i]));
        if (json_has(v)) {
            json_kv(&w->o, str_z(parts[i]), v);
        }
    }
    sign_entry_end(w);
}

void sign_identifier(struct sign_writer *w, struct str key, struct str path, struct str value)
{
    json_k(&w->o, key);
    json_obj(&w->o);
    json_ks(&w->o, S("system"), sign_joined(w->rq, w->d->base_url, path, (struct str){0}));
    json_ks(&w->o, S("value"), value);
    json_obj_end(&w->o);
}

struct str sign_instant(struct req *rq, struct instant t)
{
    struct buf b;
    buf_init(&b, rq->a, 64);
    instant_write(&b, t);
    return buf_get(&b);
}

void sign_author_ref(struct sign_writer *w)
{
    const struct sign_doc *d = w->d;
    json_obj(&w->o);
    json_ks(&w->o, S("reference"),
            sign_joined(w->rq, S("PractitionerRole/"), sign_id_of(w, d->role), (struct str){0}));
    json_ks(&w->o, S("display"), d->author_name);
    json_obj_end(&w->o);
}
