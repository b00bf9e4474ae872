/* os/zone.h - local time of a named place, from the system's copy of the IANA time zone database. */
#pragma once

#include "base/zone.h"

enum { ZONE_CHANGES = 400, ZONE_NAME_MAX = 64 };

/* Is there such a zone on this machine? See os_zone(); this one may be called at any time. */
bool os_zone_known(struct str name);

/* What a zone points to. */
struct zone_table {
    struct zone_change changes[ZONE_CHANGES];
};

/* name: "Asia/Almaty"; or minutes east of UTC in digits, with a sign or without. Changes of the years 1970 to
 * 2100 are taken, those of rules that go on too. Call it while no other thread runs: the C library knows
 * one zone at a time. False when there is no such zone on this machine. */
MUST_USE bool os_zone(struct str name, struct zone_table *table, struct zone *ret_z);
