/* care/room_ice.h - what a browser needs to reach another one: STUN and TURN servers, with credentials of
 * coturn's time-limited kind (its use-auth-secret; draft-uberti-behave-turn-rest-00). */
#pragma once

#include "codec/json.h"

enum { ICE_CREDENTIAL_MS = 3600000 };

/* Writes {"iceServers":[...],"iceTransportPolicy":"all","seconds":3600} for a seat. name: what the relay's
 * log shows: a number, no person. */
void room_ice_write(struct req *rq, struct json_out *o, struct str name);
