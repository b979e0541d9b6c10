"""Two programs wrote down Lidarr's import decision without looking at each other: do they agree?

`rules.rehearsal` predicts it for us, `demo.lidarr` plays Lidarr against us. Where they differ one of
them has misread the sources, and every number measured with the two of them would mean little.
"""
