from fastapi import FastAPI, Request, Response
from mangum import Mangum
from pydantic import BaseModel

app = FastAPI()


class Order(BaseModel):
    item: str
    count: int = 1


@app.get("/")
def root(request: Request, response: Response):
    response.set_cookie("seen", "yes", httponly=True)
    return {"framework": "fastapi", "path": request.url.path}


@app.post("/orders", status_code=201)
async def order(order: Order):
    return {"item": order.item, "count": order.count, "price": 7 * order.count}


@app.get("/picture")
def picture():
    return Response(bytes.fromhex("89504e470d0a1a0a"), media_type="image/png")


handler = Mangum(app)
