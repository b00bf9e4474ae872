/* work/janus_record.c - rooms that are recorded: their media server writes what each person sends into a
 * folder of the recording's name, which this program made. See janus_int.h. */
#include <string.h>

#include "os/file.h"
#include "os/random.h"
#include "work/janus_int.h"

uint64_t media_feed(uint32_t seat)
{
    uint32_t some = 0;
    os_random(&some, sizeof some);
    return (uint64_t)seat << JANUS_FEED_BITS | (some & ((1U << JANUS_FEED_BITS) - 1));
}

struct str media_folder(struct req *rq, const struct janus_bridge *b, const struct media_room *room)
{
    char path[OS_PATH_MAX];
    if (room->recording[0] == 0 || b->recordings == NULL) {
        return S("");
    }
    if (os_path(rq, str_z(b->recordings), str_z(room->recording), path) != OK) {
        err_clear(rq);
        return S("");
    }
    const char *folder = arena_cstr(rq->a, str_z(path));
    return folder != NULL ? str_z(folder) : S("");
}

static void lost(struct janus_bridge *b, struct media_room *room)
{
    room->recording[0] = 0;
    b->lost(b->ctx, (struct str){room->name, room->name_n});
}

void media_record_lost(struct janus_bridge *b, struct media_room *room)
{
    if (room->recording[0] != 0) {
        lost(b, room);
    }
}

/* Its server, if it has one already, begins or ends. */
static enum err tell_server(struct req *rq, struct janus_bridge *b, struct media_room *room)
{
    if (room->server == NULL) {
        return OK; /* it begins with the first who joins */
    }
    struct janus_room r = media_made_of(room);
    r.rec_dir = media_folder(rq, b, room);
    return janus_room_record(rq, &room->server->janus, &r);
}

static enum err begin(struct req *rq, struct janus_bridge *b, struct media_room *room,
                      struct str recording)
{
    memcpy(room->recording, recording.p, recording.n);
    room->recording[recording.n] = 0;
    struct str folder = media_folder(rq, b, room);
    if (folder.n == 0) {
        return FAIL(rq, E_BAD_INPUT, "no folder for recordings");
    }
    TRY(os_mkdir_shared(rq, folder.p));
    return tell_server(rq, b, room);
}

static enum err end(struct req *rq, struct janus_bridge *b, struct media_room *room)
{
    room->recording[0] = 0;
    enum err e = tell_server(rq, b, room);
    if (room->n_members == 0) {
        enum err last = media_room_end(rq, b, room);
        e = e == OK ? last : e;
    }
    return e;
}

void media_hush(struct req *rq, struct janus_bridge *b)
{
    for (size_t i = b->n_rooms; i > 0; i--) { /* backwards: one without people leaves the list */
        struct media_room *room = b->rooms[i - 1];
        if (room->recording[0] != 0) {
            b->lost(b->ctx, (struct str){room->name, room->name_n});
            if (end(rq, b, room) != OK) {
                err_clear(rq);
            }
        }
    }
}

enum err media_record(struct req *rq, struct janus_bridge *b, struct str name, struct str recording)
{
    struct media_room *room = media_room_find(b, name);
    if (recording.n == 0) {
        return room != NULL ? end(rq, b, room) : OK;
    }
    if (recording.n > ROOM_NAME_MAX) {
        return FAIL(rq, E_BAD_INPUT, "recording");
    }
    if (room == NULL) {
        TRY(media_room_new(rq, b, name, &room));
    }
    enum err e = begin(rq, b, room, recording);
    if (e != OK) { /* whatever of it was begun ends: nobody is recorded who is not told so */
        struct err_rec why = rq->err;
        err_clear(rq);
        if (end(rq, b, room) != OK) {
            err_clear(rq);
        }
        b->lost(b->ctx, name);
        rq->err = why;
    }
    return e;
}
