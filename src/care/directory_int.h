/* care/directory_int.h - what the directory's reader and its look-ups share. */
#pragma once

#include "care/directory.h"
#include "codec/json.h"

/* Open addressing from an id to an index: slots hold index + 1. */
struct dir_map {
    uint32_t *slots;
    uint32_t mask;
};
struct dir_maps {
    struct dir_map orgs, services, people;
};

/* Adds an id; the map was made for at least n ids. */
MUST_USE bool dir_map_init(struct arena *a, uint32_t n, struct dir_map *ret_map);
void dir_map_add(struct dir_map *m, struct str id, uint32_t at);
/* rows: the first member of each is its id. */
uint32_t dir_map_find(const struct dir_map *m, const void *rows, size_t row_size, struct str id);

enum { DIRECTORY_CAP = 64 << 20 }; /* of a request that reads it */
/* Reads all directory resources into rq->a. */
MUST_USE enum err directory_load(struct req *rq, const struct care *care,
                                 struct directory *ret_dir);
/* Whether a role's period holds now. */
bool dir_period_holds(struct req *rq, struct jv period);
/* Who is asked to take over the turn of a Slot, while they can: they work here, and answer for something.
 * DIR_NONE: nobody. */
uint32_t dir_offered_to(struct req *rq, const struct directory *d, struct jv slot);
