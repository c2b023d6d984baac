/* Damaged files are refused with a reason: each rule of the format broken by
 * hand, every truncation, every bit of a header flipped. */
#include "check.h"
#include "files.h"
#include "tiny.h"

#include <simdrnn/io.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const float zeros[8];

static void refused(const char *path, srnn_status expected, const char *words)
{
    srnn_net *net = NULL;
    srnn_status status = srnn_model_load(&net, path, NULL);

    CHECK_SAYS(status == expected, "%s: is %s, not %s", words,
               srnn_strerror(status), srnn_strerror(expected));
    CHECK_SAYS(!net, "%s: a net was opened", words);
    CHECK_SAYS(strstr(srnn_error_message(), words), "says '%s', not '%s'",
               srnn_error_message(), words);
}

/* ---- the container ------------------------------------------------------ */

#define T(name, dtype, shape, offsets) \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape \
    ",\"data_offsets\":" offsets "}"

/* Each with 16 bytes of data. */
static const struct {
    const char *header, *words;
} bad_headers[] = {
    {" {}", "the header does not begin with {"},
    {"[1]", "the header does not begin with {"},
    {"{\"a\":", "the header is not sound"},
    {"{} {}", "the header is not sound"},
    {"{" T("a", "F32", "[4]", "[0,16]") "," T("a", "F32", "[4]", "[0,16]")
     "}", "duplicate object key"},
    {"{" T("a", "F32", "[2]", "[0,8]") "," T("\\u0061", "F32", "[2]",
     "[8,16]") "}", "duplicate object key"},
    {"{\"a\":7}", "tensor a lacks its dtype or its shape"},
    {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,16]}}",
     "tensor a lacks its dtype or its shape"},
    {"{\"a\":{\"dtype\":4,\"shape\":[4],\"data_offsets\":[0,16]}}",
     "tensor a lacks its dtype or its shape"},
    {"{" T("a", "F33", "[4]", "[0,16]") "}",
     "tensor a has the unknown dtype F33"},
    {"{" T("a", "F32", "[-4]", "[0,16]") "}",
     "tensor a: a size is no whole number"},
    {"{" T("a", "F32", "[4.0]", "[0,16]") "}",
     "tensor a: a size is no whole number"},
    {"{" T("a", "F32", "[99999999999999999999]", "[0,16]") "}",
     "the header is not sound"},
    {"{" T("a", "F32", "[\\\"4\\\"]", "[0,16]") "}",
     "the header is not sound"},
    {"{" T("a", "F32", "[\"4\"]", "[0,16]") "}",
     "tensor a: a size is no whole number"},
    {"{" T("a", "F32", "[4294967296,4294967296]", "[0,16]") "}",
     "tensor a: its sizes overflow"},
    {"{" T("a", "F32", "[2305843009213693953,8]", "[0,16]") "}",
     "tensor a: its sizes overflow"},
    {"{" T("a", "F32", "[4]", "[0]") "}",
     "tensor a: data_offsets are no two whole numbers"},
    {"{" T("a", "F32", "[4]", "[0,16,32]") "}",
     "tensor a: data_offsets are no two whole numbers"},
    {"{" T("a", "F32", "[4]", "[-16,0]") "}",
     "tensor a: data_offsets are no two whole numbers"},
    {"{" T("a", "F32", "[4]", "[0.0,16.0]") "}",
     "tensor a: data_offsets are no two whole numbers"},
    {"{" T("a", "F32", "[8]", "[0,32]") "}",
     "tensor a lies at bytes 0 to 32 of 16"},
    {"{" T("a", "F32", "[4]", "[16,0]") "}",
     "tensor a lies at bytes 16 to 0 of 16"},
    {"{" T("a", "F32", "[4]", "[9223372036854775800,9223372036854775807]")
     "}", "tensor a lies at bytes 9223372036854775800"},
    {"{" T("a", "F32", "[3]", "[0,16]") "}",
     "tensor a takes 12 bytes by its shape, 16 by its data_offsets"},
    {"{" T("a", "F64", "[4]", "[0,16]") "}",
     "tensor a takes 32 bytes by its shape, 16 by its data_offsets"},
    {"{" T("a", "F32", "[3]", "[0,12]") "," T("b", "F32", "[3]", "[4,16]")
     "}", "tensors a and b overlap"},
    {"{" T("b", "F32", "[4]", "[0,16]") "," T("a", "F32", "[4]", "[0,16]")
     "}", "overlap"},
    {"{" T("a", "F32", "[1]", "[0,4]") "," T("b", "F32", "[2]", "[8,16]")
     "}", "the data from byte 4 on belongs to no tensor"},
    {"{" T("a", "F32", "[2]", "[8,16]") "}",
     "the data from byte 0 on belongs to no tensor"},
    {"{" T("a", "F32", "[2]", "[0,8]") "}",
     "the data from byte 8 on belongs to no tensor"},
    {"{}", "the data from byte 0 on belongs to no tensor"},
    {"{\"__metadata__\":[]," T("a", "F32", "[4]", "[0,16]") "}",
     "__metadata__ is no object"},
    {"{\"__metadata__\":{\"k\":1}," T("a", "F32", "[4]", "[0,16]") "}",
     "__metadata__: k is no string"},
    {"{" T("a", "F32", "[4]", "[0,16]") "}",
     "has no simdrnn in its metadata"},
    {"{" T("a", "F32", "[4,0]", "[0,0]") "," T("b", "BF16", "[2,2,2]",
     "[0,16]") "," T("c", "F32", "[0]", "[16,16]") "}",
     "has no simdrnn in its metadata"}, /* sound: empty tensors */
};

static void headers(void)
{
    const char *path = file_path("header.safetensors");

    for (size_t i = 0; i < sizeof bad_headers / sizeof *bad_headers; i++) {
        file_put_safetensors(path, bad_headers[i].header, zeros, 16);
        refused(path, SRNN_EFORMAT, bad_headers[i].words);
    }
}

/* A header length, then a file of so many bytes. */
static void lengths(void)
{
    static const struct {
        uint64_t length;
        size_t bytes;
        const char *words;
    } cases[] = {
        {2, 0, "0 bytes are too few"},
        {2, 7, "7 bytes are too few"},
        {0, 40, "a header of 0 bytes in a file of 40"},
        {33, 40, "a header of 33 bytes in a file of 40"},
        {100000001, 40, "a header of 100000001 bytes in a file of 40"},
        {UINT64_MAX, 40, "a header of 18446744073709551615 bytes"},
        {UINT64_MAX - 7, 40, "a header of 18446744073709551608 bytes"},
    };
    const char *path = file_path("length.safetensors");

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned char bytes[40] = {0};

        memcpy(bytes, &cases[i].length, 8);
        file_put(path, bytes, cases[i].bytes);
        refused(path, SRNN_EFORMAT, cases[i].words);
    }
    refused(file_path("absent.safetensors"), SRNN_EIO, "No such file");
    refused("/dev/null", SRNN_EIO, "is no regular file");
}

/* ---- every cut, every flip ---------------------------------------------- */

static const tiny_config small = {.cell = SRNN_GRU, .hidden = 2,
                                  .optimiser = SRNN_ADAM};

/* Where a call fails, its message names the file. */
static int succeeds(srnn_status status, const char *path)
{
    CHECK_SAYS(!status || strstr(srnn_error_message(), path), "%s: '%s'",
               srnn_strerror(status), srnn_error_message());
    return !status;
}

/* Loads the file as a model and as a checkpoint; closes what was opened. */
static int loads(const char *path, srnn_trainer *trainer)
{
    srnn_progress at = {.data_hash = 0};
    srnn_net *net;
    int model, run;

    srnn_model_load(NULL, path, NULL); /* another message than the last */
    model = succeeds(srnn_model_load(&net, path, NULL), path);
    if (model)
        srnn_net_close(net);
    srnn_model_load(NULL, path, NULL);
    run = succeeds(srnn_checkpoint_load(trainer, &at, path), path);
    return model + run;
}

static unsigned char *checkpoint(tiny *t, const char *path, size_t *length)
{
    srnn_progress at = {.data_hash = 1};

    tiny_open(t, &small);
    tiny_train(t, 3);
    tiny_must(srnn_checkpoint_save(t->trainer, &at, path));
    CHECK_SAYS(loads(path, t->trainer) == 2, "%s", srnn_error_message());
    return file_get(path, length);
}

static void cuts(void)
{
    const char *path = file_path("cut.safetensors");
    size_t length;
    tiny t;
    unsigned char *bytes = checkpoint(&t, path, &length);

    for (size_t i = 0; i < length; i++) {
        file_put(path, bytes, i);
        CHECK_SAYS(!loads(path, t.trainer), "cut to %zu of %zu", i, length);
    }
    file_put(path, bytes, length + 1);
    CHECK_SAYS(!loads(path, t.trainer), "a byte too many");
    check_note("%zu lengths refused", length + 1);
    free(bytes);
    tiny_close(&t);
}

/* Most flips are refused; some leave a sound file, such as one digit of a
 * learning rate. None may crash, or take memory for what is not there. */
static void flips(void)
{
    const char *path = file_path("flip.safetensors");
    size_t length, header, sound = 0;
    tiny t;
    unsigned char *bytes = checkpoint(&t, path, &length);

    header = 8 + bytes[0] + 256u * bytes[1];
    for (size_t i = 0; i < 8 * header; i++) {
        bytes[i / 8] ^= (unsigned char)(1 << i % 8);
        file_put(path, bytes, length);
        sound += loads(path, t.trainer) > 0;
        bytes[i / 8] ^= (unsigned char)(1 << i % 8);
    }
    check_note("%zu of %zu flips refused", 8 * header - sound, 8 * header);
    free(bytes);
    tiny_close(&t);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"headers", NULL, headers}, {"lengths", NULL, lengths},
        {"cuts", NULL, cuts},       {"flips", NULL, flips},
        {NULL, NULL, NULL}};

    return check_main(argc, argv, cases);
}
