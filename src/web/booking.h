/* web/booking.h - shared by the pages of visits and hours. */
#pragma once

#include "care/booking.h"
#include "care/patient.h"
#include "web/page.h"

struct res_row;

/* A time at a place: date "2026-11-22" for {% date %}, weekday, from and to as "14:20", zone as "UTC+7"
 * when it is not that of the deployment. start_ms 0: none of them. */
void booking_set_time(struct http_req *h, struct val *m, int64_t start_ms, int64_t end_ms,
                      const struct zone *zone);
/* "UTC+5", "UTC+5:30" */
struct str booking_zone(struct http_req *h, int tz_min);
/* Monday ...; day 1..7 */
struct str booking_weekday(struct http_req *h, unsigned day);
/* "Cardiology, A. Ospanov, Regional centre, room 14" */
struct str booking_where(struct http_req *h, const struct schedule *s);
/* The title of a row of a list of content/outcome.json; the code itself when there is none. */
struct str booking_code(struct http_req *h, struct str list, struct str code);
/* root.days: the free slots of a specialist from a day on, days without any left out: [{date, weekday,
 * slots: [{at, value, how}]}], zone, later (day to go on with), none. modes: SLOT_ bits that must be there.
 * from_day: 0 today. but: as slot_list() */
MUST_USE enum err booking_set_days(struct http_req *h, struct val *root, const struct schedule *s,
                                   unsigned modes, int64_t from_day, struct str but);
/* root.later_href: base with the day that root.later names, after booking_set_days(). */
void booking_set_later(struct http_req *h, struct val *root, struct str base);
/* fields.urgency: whether it is an emergency; root.phones: whom to ring then, by the profile. */
void booking_set_urgency(struct http_req *h, struct val *root, const struct policy *policy);
/* root.rule: what the policy says of a remote visit: allowed, text, offer, notes [text], sources
 * [{title, source}]. */
void booking_set_rule(struct http_req *h, struct val *root, const struct booking_check *c);
/* A number of ms as it was sent, 0 when it is none. */
int64_t booking_sent_ms(struct http_req *h, const char *name);
/* A day "2026-11-22" as days since 1970; 0 when it is none. */
int64_t booking_day_of(struct str text);
/* The same backwards. */
struct str booking_day_text(struct http_req *h, int64_t day);
