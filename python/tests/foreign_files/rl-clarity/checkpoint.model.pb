
graph