"""A clip of somebody who stands there."""

import numpy as np

from zsar.skeletons.layouts import layout


def person(layout_id, frames=5, bodies=1):
    """Somebody who faces the camera, 3 m from it, right hand raised; a second one stands 1 m to the person's left."""
    joints = layout(layout_id)
    body = np.zeros((len(joints.joints), 3), np.float32)
    heights = {"head": 1.6, "neck": 1.45, "shoulder": 1.4, "elbow": 1.2, "wrist": 1.0, "hand": 0.95, "hip": 0.9}
    for j, name in enumerate(joints.joints):
        side = {"left": -0.2, "right": 0.2}.get(next((w for w in name.split() if w in ("left", "right")), ""), 0.0)
        height = next((h for word, h in heights.items() if word in name), 0.5 if "knee" in name else 0.1)
        body[j] = side, 1.1 if "spine" in name else height, 3.0
    body[joints.index("right hand")] = 0.3, 1.9, 3.0
    clip = np.zeros((frames, bodies, len(joints.joints), 3), np.float32)
    for m in range(bodies):
        clip[:, m] = body - [1.0 * m, 0, 0]
    return clip
