/* The time axes of a net: a tree of them, by number and by name. */
#include "node.h"

#include <stdio.h>
#include <string.h>

srnn_axis srnn_net_find_axis(const srnn_net *net, const char *name)
{
    size_t i;

    for (i = 0; net && name && i < net->axes; i++)
        if (!strcmp(net->axis[i].name, name))
            return (srnn_axis)i;
    return -1;
}

size_t srnn_net_axes(const srnn_net *net)
{
    return net ? net->axes : 0;
}

static int is_axis(const srnn_net *net, srnn_axis a)
{
    return net && a >= 0 && (size_t)a < net->axes;
}

const char *srnn_net_axis_name(const srnn_net *net, srnn_axis a)
{
    return is_axis(net, a) ? net->axis[a].name : NULL;
}

srnn_axis srnn_net_axis_parent(const srnn_net *net, srnn_axis a)
{
    return is_axis(net, a) ? net->axis[a].parent : -1;
}

srnn_status srnn_net_axis(srnn_net *net, const char *name, srnn_axis parent,
                          srnn_axis *added)
{
    srnn_status status = srnn_name_check(net, name);

    if (!status && srnn_net_find_axis(net, name) >= 0)
        status = srnn_fail(SRNN_EINVAL, "name '%s' is taken by axis %d", name,
                           srnn_net_find_axis(net, name));
    if (!status && !is_axis(net, parent))
        status = srnn_fail(SRNN_EINVAL,
                           "axis '%s': parent %d is not one of the net's %zu",
                           name, parent, net->axes);
    if (!status && net->axes == SRNN_AXES)
        status = srnn_fail(SRNN_EINVAL, "axis '%s': a net has at most %d axes",
                           name, SRNN_AXES);
    if (status)
        return status;
    snprintf(net->axis[net->axes].name, sizeof net->axis->name, "%s", name);
    net->axis[net->axes].parent = parent;
    if (added)
        *added = (srnn_axis)net->axes;
    net->axes++;
    return SRNN_OK;
}
